/* SPDX-License-Identifier: Apache-2.0
 * The control plane as a whole: it is ready when every engine has the first snapshot, hands the
 * running configuration on, drains, and passes on what engines say.
 */
#include "control/control.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 3\n"
	"add lb vserver spare HTTP 0.0.0.0 0\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION -backupVServer spare\n"
	"bind lb vserver web a\n";

static void ready_when_everywhere(void **state)
{
	struct stage *stage = stage_open(config);

	(void)state;
	assert_false(stage->control->is_ready);
	stage_turns(stage, 3);
	assert_true(stage->control->is_ready);
	assert_int_equal(stage->heard[0][MESSAGE_SNAPSHOT], 1);
	assert_int_equal(stage->heard[1][MESSAGE_SNAPSHOT], 1);
	stage_close(stage);
}

static void one_snapshot_for_many_changes(void **state)
{
	struct stage *stage = stage_run(config);
	struct text answer = TEXT_EMPTY;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(
			execute_line(stage->control, STR("set service a -maxClient 7"), &answer) +
				execute_line(stage->control, STR("set service a -maxClient 8"),
					     &answer),
			0);
	control_publish(stage->control);
	control_publish(stage->control);
	stage_turns(stage, 3);
	assert_int_equal(stage->heard[0][MESSAGE_SNAPSHOT], 2);
	text_free(&answer);
	stage_close(stage);
}

static void spilling_is_passed_on(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");

	(void)state;
	stage_say(stage, 1, MESSAGE_SPILL, web->entry.id, 1);
	stage_turns(stage, 2);
	assert_int_equal(web->spilling_so_far->episodes, 1);
	stage_say(stage, 1, MESSAGE_SPILL, web->entry.id, 0);
	stage_turns(stage, 2);
	assert_int_equal(web->spilling[0] | web->spilling[1], 0);
	stage_say(stage, 1, MESSAGE_SPILL, 999, 1); /* of one that has gone */
	stage_turns(stage, 2);
	stage_close(stage);
}

static void idle_uses_are_asked_for(void **state)
{
	struct stage *stage = stage_run(config);
	uint32_t id = stage_service(stage, "a")->entry.id;

	(void)state;
	stage_say(stage, 0, MESSAGE_WANT_IDLE, id, 0);
	stage_turns(stage, 2);
	assert_int_equal(stage->heard[1][MESSAGE_GIVE_IDLE], 1);
	stage_say(stage, 1, MESSAGE_IDLE_GIVEN, id, 1);
	stage_turns(stage, 2);
	assert_int_equal(stage->heard[0][MESSAGE_USE_FREED], 1);
	stage_close(stage);
}

/* No new clients anywhere, changes are refused, and the loop ends with the last client. */
static void drains(void **state)
{
	struct keeper supervisor;
	struct stage *stage;
	int ends[2];

	(void)state;
	assert_int_equal(channel_open(ends), 0);
	keeper_init(&supervisor);
	supervisor.fd = ends[0];
	stage = stage_run_under(config, ends[1]);
	assert_int_equal(
		keeper_send(&supervisor, (struct keeper_message){ .kind = KEEPER_DRAIN }, -1), 0);
	stage_turns(stage, 5);
	assert_int_equal(stage->heard[0][MESSAGE_DRAIN], 1);
	assert_int_equal(stage->heard[1][MESSAGE_DRAIN], 1);
	assert_int_equal(stage_do(stage, "set service a -maxClient 9"), 1);
	stage_must_say(stage, "draining");
	stage_say(stage, 0, MESSAGE_DRAINED, 0, 0);
	stage_turns(stage, 2);
	assert_false(control_loop(stage->control)->is_stopping);
	stage_say(stage, 1, MESSAGE_DRAINED, 0, 0);
	stage_turns(stage, 2);
	assert_true(control_loop(stage->control)->is_stopping);
	stage_close(stage);
	keeper_fini(&supervisor);
}

/* Each change reaches the supervisor, and so the next data process. */
static void configuration_is_handed_on(void **state)
{
	struct keeper supervisor;
	struct keeper_message message;
	struct text text = TEXT_EMPTY;
	struct stage *stage;
	int ends[2], passed;

	(void)state;
	assert_int_equal(channel_open(ends), 0);
	keeper_init(&supervisor);
	supervisor.fd = ends[0];
	stage = stage_run_under(config, ends[1]);
	assert_int_equal(stage_do(stage, "set service a -maxClient 99"), 0);
	while (keeper_receive(&supervisor, &message, &passed) == CHANNEL_GOT)
		keeper_take(&supervisor, &message, passed);
	assert_true(keeper_read_config(&supervisor, &text));
	assert_non_null(strstr(text.at, "-maxClient 99"));
	text_free(&text);
	stage_close(stage);
	keeper_fini(&supervisor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_when_everywhere),
		cmocka_unit_test(one_snapshot_for_many_changes),
		cmocka_unit_test(spilling_is_passed_on),
		cmocka_unit_test(idle_uses_are_asked_for),
		cmocka_unit_test(drains),
		cmocka_unit_test(configuration_is_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
