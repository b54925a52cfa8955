/* SPDX-License-Identifier: Apache-2.0
 * The clocks agree with each other and never run backwards.
 */
#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_clocks(void **state)
{
	uint64_t ms = clock_ms(), ns = clock_ns(), last = ns;

	(void)state;
	assert_true(ns / 1000000 >= ms);
	for (int i = 0; i < 10000; i++) {
		ns = clock_ns();
		assert_true(ns >= last);
		last = ns;
	}
	assert_true(clock_wall_ms() > 1600000000000u); /* after 2020 */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_clocks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
