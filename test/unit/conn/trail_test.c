/* SPDX-License-Identifier: Apache-2.0 */
#include "conn/trail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_trail(void **state)
{
	struct trail trail = { 0 };

	(void)state;
	assert_false(trail_has(&trail, 0));
	for (uint32_t id = 0; id < TRAIL_MAX; id++) {
		assert_false(trail_has(&trail, id));
		assert_true(trail_add(&trail, id));
		assert_true(trail_has(&trail, id));
	}
	assert_false(trail_add(&trail, 99));
	assert_false(trail_has(&trail, 99));
	assert_int_equal(trail.count, TRAIL_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_trail) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
