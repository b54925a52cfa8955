/* SPDX-License-Identifier: Apache-2.0
 * A shortage on several engines, on and off, is one until it has been over for a while.
 */
#include "control/shortage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void one_shortage(void **state)
{
	struct loop loop;
	struct shortage shortage;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	shortage_init(&shortage, &loop);
	shortage_tell(&shortage, 3, EMFILE);
	shortage_tell(&shortage, 70, EMFILE);
	assert_true(shortage_has(&shortage, 70));
	shortage_tell(&shortage, 3, 0);
	assert_false(shortage_has(&shortage, 3));
	assert_false(timer_is_armed(&shortage.timer));
	shortage_tell(&shortage, 70, 0);
	assert_true(timer_is_armed(&shortage.timer));
	shortage_tell(&shortage, 3, EMFILE); /* it was not over */
	assert_false(timer_is_armed(&shortage.timer));
	shortage_tell(&shortage, 3, 0);
	assert_true(shortage.is_on);
	timer_run(&loop.timers, loop.now_ms + SHORTAGE_OVER_MS);
	assert_false(shortage.is_on);
	shortage_fini(&shortage);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_shortage) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
