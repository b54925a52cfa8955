/* SPDX-License-Identifier: Apache-2.0
 * What runs: an id, a pool and counters belong to one thing until every engine has left it.
 */
#include "control/runtime.h"

#include "stage.h"

static const char *const config = "add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
				  "add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
				  "add lb vserver web HTTP 0.0.0.0 0\n"
				  "bind lb vserver web a\n";

static void ids_wait_for_every_engine(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime *runtime = &stage->control->runtime;
	uint32_t id = stage_service(stage, "b")->entry.id;

	(void)state;
	assert_int_equal(stage_do(stage, "rm service b"), 0);
	assert_non_null(runtime_service_id(runtime, id));
	assert_int_equal(stage_do(stage, "add service c 127.0.0.1 HTTP 9003 -healthMonitor NO"), 0);
	assert_int_not_equal(stage_service(stage, "c")->entry.id, id);
	stage_say(stage, 0, MESSAGE_SERVICE_GONE, id, 0);
	stage_turns(stage, 2);
	assert_non_null(runtime_service_id(runtime, id));
	stage_say(stage, 1, MESSAGE_SERVICE_GONE, id, 0);
	stage_turns(stage, 2);
	assert_null(runtime_service_id(runtime, id));
	assert_int_equal(stage_do(stage, "add service d 127.0.0.1 HTTP 9004 -healthMonitor NO"), 0);
	assert_int_equal(stage_service(stage, "d")->entry.id, id);
	stage_close(stage);
}

static void vservers_likewise(void **state)
{
	struct stage *stage = stage_run(config);
	uint32_t id = stage_vserver(stage, "web")->entry.id;

	(void)state;
	assert_int_equal(stage_do(stage, "rm lb vserver web"), 0);
	for (unsigned i = 0; i < STAGE_ENGINES; i++) {
		assert_non_null(runtime_vserver_id(&stage->control->runtime, id));
		stage_say(stage, i, MESSAGE_VSERVER_GONE, id, 0);
		stage_turns(stage, 2);
	}
	assert_null(runtime_vserver_id(&stage->control->runtime, id));
	stage_close(stage);
}

/* What comes and goes between two snapshots was never known to an engine. */
static void unpublished_things_go_at_once(void **state)
{
	struct stage *stage = stage_run(config);
	struct text answer = TEXT_EMPTY;

	(void)state;
	assert_int_equal(
		execute_line(stage->control, STR("add service x 127.0.0.1 HTTP 9005"), &answer), 0);
	assert_true(control_plan(stage->control));
	assert_non_null(stage_service(stage, "x"));
	assert_int_equal(execute_line(stage->control, STR("rm service x"), &answer), 0);
	assert_true(control_plan(stage->control));
	for (uint32_t id = 2; id < stage->control->runtime.service_room; id++)
		assert_null(runtime_service_id(&stage->control->runtime, id));
	text_free(&answer);
	stage_close(stage);
}

static void names_follow(void **state)
{
	struct stage *stage = stage_run(config);
	uint32_t id = stage_service(stage, "a")->entry.id;

	(void)state;
	assert_int_equal(stage_do(stage, "rename service a alpha"), 0);
	assert_int_equal(stage_service(stage, "alpha")->entry.id, id);
	assert_string_equal(stage_service(stage, "alpha")->entry.name, "alpha");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_wait_for_every_engine),
		cmocka_unit_test(vservers_likewise),
		cmocka_unit_test(unpublished_things_go_at_once),
		cmocka_unit_test(names_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
