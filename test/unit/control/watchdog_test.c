/* SPDX-License-Identifier: Apache-2.0
 * Promised: an engine whose turn does not end is told once for each stall, told again when it goes
 * on, and given up after half a minute; one that sleeps without mail, or works, never is.
 */
#include "control/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void one_that_works_is_well(void **unused)
{
	struct watchdog_engine engine = { 0 };

	(void)unused;
	for (uint64_t second = 1; second < 100; second++)
		assert_int_equal(watchdog_judge(&engine, second, false, second * 1000),
				 WATCHDOG_WELL);
	assert_int_equal(engine.stalls, 0);
}

static void one_that_sleeps_is_well(void **unused)
{
	struct watchdog_engine engine = { 0 };

	(void)unused;
	for (uint64_t second = 1; second < 100; second++)
		assert_int_equal(watchdog_judge(&engine, 7, true, second * 1000), WATCHDOG_WELL);
	/* Mail came just now. */
	assert_int_equal(watchdog_judge(&engine, 7, false, 99900), WATCHDOG_WELL);
	assert_int_equal(watchdog_judge(&engine, 7, false, 100000), WATCHDOG_STALLS);
}

static void a_stall_is_told_once(void **unused)
{
	struct watchdog_engine engine = { 0 };

	(void)unused;
	for (unsigned times = 1; times < 3; times++) {
		assert_int_equal(watchdog_judge(&engine, 10 * times, false, 50000), WATCHDOG_WELL);
		assert_int_equal(watchdog_judge(&engine, 10 * times, false, 50999), WATCHDOG_WELL);
		assert_int_equal(watchdog_judge(&engine, 10 * times, false, 51000),
				 WATCHDOG_STALLS);
		assert_int_equal(watchdog_judge(&engine, 10 * times, false, 52000),
				 WATCHDOG_STALLED);
		assert_int_equal(engine.stalls, times);
		assert_int_equal(watchdog_judge(&engine, 10 * times + 1, false, 50000),
				 WATCHDOG_IS_BACK);
	}
}

static void half_a_minute_is_hopeless(void **unused)
{
	struct watchdog_engine engine = { 0 };

	(void)unused;
	assert_int_equal(watchdog_judge(&engine, 1, false, 1000), WATCHDOG_WELL);
	assert_int_equal(watchdog_judge(&engine, 1, false, 2000), WATCHDOG_STALLS);
	assert_int_equal(watchdog_judge(&engine, 1, false, 30999), WATCHDOG_STALLED);
	assert_int_equal(watchdog_judge(&engine, 1, false, 31000), WATCHDOG_HOPELESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_works_is_well),
		cmocka_unit_test(one_that_sleeps_is_well),
		cmocka_unit_test(a_stall_is_told_once),
		cmocka_unit_test(half_a_minute_is_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
