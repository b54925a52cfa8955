/* SPDX-License-Identifier: Apache-2.0
 * Engines hear of a change of state before what belongs to it is cut, and only when it is to be.
 */
#include "control/news.h"

#include "stage.h"

static const char *const config = "add service a 127.0.0.1 TCP 9001 -healthMonitor NO\n"
				  "add lb vserver web TCP 0.0.0.0 0\n"
				  "bind lb vserver web a\n";

/* As if a monitor had said so. */
static void say(struct stage *stage, bool is_well)
{
	struct runtime_service *service = stage_service(stage, "a");

	service->is_judged = true;
	service->is_well = is_well;
	news_heard(stage->control, service, state_settle(service));
	stage_turns(stage, 2);
}

static void down_cuts_service_and_vserver(void **unused)
{
	struct stage *stage = stage_run(config);

	(void)unused;
	assert_true(stage_vserver(stage, "web")->is_up);
	say(stage, false);
	assert_false(stage_vserver(stage, "web")->is_up);
	for (unsigned i = 0; i < STAGE_ENGINES; i++) {
		assert_int_equal(stage->heard[i][MESSAGE_SERVICE_STATE], 1);
		assert_int_equal(stage->heard[i][MESSAGE_CUT_SERVICE], 1);
		assert_int_equal(stage->heard[i][MESSAGE_CUT_VSERVER], 1);
	}
	say(stage, true);
	assert_true(stage_vserver(stage, "web")->is_up);
	assert_int_equal(stage->heard[0][MESSAGE_CUT_SERVICE], 1);
	stage_close(stage);
}

static void disabled_flush_cuts_nothing(void **unused)
{
	struct stage *stage = stage_run(config);

	(void)unused;
	assert_int_equal(stage_do(stage, "set service a -downStateFlush DISABLED"), 0);
	assert_int_equal(stage_do(stage, "set lb vserver web -downStateFlush DISABLED"), 0);
	say(stage, false);
	assert_int_equal(stage->heard[0][MESSAGE_CUT_SERVICE], 0);
	assert_int_equal(stage->heard[0][MESSAGE_CUT_VSERVER], 0);
	stage_close(stage);
}

/* Nobody is served: out as soon as the engines have taken up that it leaves. */
static void leaving_ends(void **unused)
{
	struct stage *stage = stage_run(config);
	struct runtime_service *service = stage_service(stage, "a");

	(void)unused;
	stat_add(&service->stats[1].connections, 1);
	assert_int_equal(stage_do(stage, "disable service a -graceFul YES"), 0);
	stage_turns(stage, 60);
	assert_int_equal(service->state, STATE_LEAVING);
	stat_subtract(&service->stats[1].connections, 1);
	for (unsigned i = 0; i < STAGE_TURNS && service->state != STATE_OUT; i++)
		stage_turn(stage);
	assert_int_equal(service->state, STATE_OUT);
	assert_int_equal(stage->heard[0][MESSAGE_CUT_SERVICE], 0);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(down_cuts_service_and_vserver),
		cmocka_unit_test(disabled_flush_cuts_nothing),
		cmocka_unit_test(leaving_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
