/* SPDX-License-Identifier: Apache-2.0
 * The state follows from what monitors say and what the operator wants; a way out of service ends
 * with its delay or with the last that is served, and only when every engine knows of it.
 */
#include "control/state.h"

#include "stage.h"

static struct plan_service plan;
static struct runtime_service service;
static char name[] = "s";

static void begin(void)
{
	plan = (struct plan_service){ .is_enabled = true, .flushes = true };
	service = (struct runtime_service){ .entry.name = name, .plan = &plan };
}

static void judged(bool is_well)
{
	service.is_judged = true;
	service.is_well = is_well;
}

static void disable(uint64_t uid, uint32_t delay_s, bool is_graceful)
{
	plan.is_enabled = false;
	plan.leave = (struct leave){ uid, delay_s, is_graceful };
	state_take(&service, &plan, 1000);
}

static void follows_the_verdict(void **unused)
{
	(void)unused;
	begin();
	assert_false(state_settle(&service));
	assert_int_equal(service.state, STATE_UNKNOWN);
	judged(true);
	assert_true(state_settle(&service));
	assert_int_equal(service.state, STATE_UP);
	assert_true(service.is_up);
	judged(false);
	assert_true(state_settle(&service));
	assert_int_equal(service.state, STATE_DOWN);
	assert_true(service.is_cut_due);
	assert_false(state_settle(&service)); /* nothing new */
}

static void without_flush_nothing_is_cut(void **unused)
{
	(void)unused;
	begin();
	plan.flushes = false;
	judged(true);
	(void)state_settle(&service);
	judged(false);
	assert_true(state_settle(&service));
	assert_false(service.is_cut_due);
}

static void at_once(void **unused)
{
	(void)unused;
	begin();
	judged(true);
	(void)state_settle(&service);
	disable(0, 0, false);
	assert_int_equal(service.state, STATE_OUT);
	assert_string_equal(service.why, "disabled");
	assert_false(service.is_cut_due);
	/* Once out, it does not begin to leave. */
	disable(7, 10, false);
	assert_int_equal(service.state, STATE_OUT);
}

static void the_delay_ends(void **unused)
{
	(void)unused;
	begin();
	judged(true);
	(void)state_settle(&service);
	disable(7, 10, false);
	assert_int_equal(service.state, STATE_LEAVING);
	assert_true(service.is_up);
	assert_false(state_end_way(&service, 10999, 1, 0));
	state_take(&service, &plan, 5000); /* another change: the clock goes on */
	judged(false);
	assert_true(state_settle(&service));
	assert_int_equal(service.state, STATE_DOWN_LEAVING);
	judged(true);
	(void)state_settle(&service);
	service.is_cut_due = false;
	assert_true(state_end_way(&service, 11000, 1, 3));
	assert_int_equal(service.state, STATE_OUT);
	assert_true(service.is_cut_due);
	assert_false(service.is_up);
}

static void the_last_has_left(void **unused)
{
	(void)unused;
	begin();
	judged(true);
	(void)state_settle(&service);
	disable(7, 0, true);
	assert_false(state_end_way(&service, 2000, 1, 0)); /* engines do not know it yet */
	service.way.snapshot = 5;
	assert_false(state_end_way(&service, 2000, 4, 0));
	assert_false(state_end_way(&service, 2000, 5, 1));
	assert_true(state_end_way(&service, 2000, 5, 0));
	assert_int_equal(service.state, STATE_OUT);
	assert_false(service.is_cut_due);
	plan.is_enabled = true;
	state_take(&service, &plan, 3000);
	assert_int_equal(service.state, STATE_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_verdict),
		cmocka_unit_test(without_flush_nothing_is_cut),
		cmocka_unit_test(at_once),
		cmocka_unit_test(the_delay_ends),
		cmocka_unit_test(the_last_has_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
