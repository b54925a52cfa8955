/* SPDX-License-Identifier: Apache-2.0
 * Lost time is counted once, however many things were due in it; the way of timers is none.
 */
#include "monitor/lateness.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void test_lost_once(void **state)
{
	struct lateness lateness = { 0 };

	(void)state;
	lateness_note(&lateness, 1000, 1001);
	lateness_note(&lateness, 1004, 1008);
	assert_int_equal(lateness.lost_ms, 0);
	lateness_note(&lateness, 1010, 1050);
	lateness_note(&lateness, 1011, 1050);
	lateness_note(&lateness, 1049, 1050);
	assert_int_equal(lateness.lost_ms, 40);
	lateness_note(&lateness, 1020, 1080); /* since then it has seen something */
	assert_int_equal(lateness.lost_ms, 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lost_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
