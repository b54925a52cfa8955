/* SPDX-License-Identifier: Apache-2.0
 * The first snapshot waits for the first probes, though not for ever; a change does not wait for
 * what was there before it.
 */
#include "control/hold.h"

#include "stage.h"

static const char *const config = "add service a 127.0.0.1 TCP 1\n";

static void first_snapshot_waits(void **state)
{
	struct stage *stage = stage_open(config);

	(void)state;
	assert_int_equal(stage->control->hold, HOLD_START);
	assert_int_equal(stage->control->publisher.newest, 0);
	assert_int_equal(hold_answer(stage->control), 1); /* answers wait, too */
	for (unsigned i = 0; i < STAGE_TURNS && !stage->control->is_ready; i++)
		stage_turn(stage);
	assert_true(stage->control->is_ready);
	assert_int_equal(stage->control->hold, HOLD_NONE);
	stage_close(stage);
}

static void nothing_to_ask_nothing_to_wait_for(void **state)
{
	struct stage *stage = stage_open("add service a 127.0.0.1 TCP 1 -healthMonitor NO\n");

	(void)state;
	assert_int_equal(stage->control->hold, HOLD_NONE);
	assert_int_equal(stage->control->publisher.newest, 1);
	stage_close(stage);
}

static void change_does_not_wait(void **state)
{
	struct stage *stage = stage_open(config);
	struct text answer = TEXT_EMPTY;

	(void)state;
	assert_int_equal(execute_line(stage->control, STR("set service a -maxClient 3"), &answer),
			 0);
	hold_answer(stage->control);
	assert_true(stage->control->publisher.newest >= 1);
	text_free(&answer);
	stage_close(stage);
}

static void answer_waits_for_a_new_service(void **state)
{
	struct stage *stage = stage_run("");
	struct text answer = TEXT_EMPTY;
	uint64_t number;

	(void)state;
	assert_int_equal(
		execute_line(stage->control, STR("add service b 127.0.0.1 TCP 2"), &answer), 0);
	number = hold_answer(stage->control);
	assert_int_equal(number, stage->control->publisher.newest + 1);
	for (unsigned i = 0; i < STAGE_TURNS && stage->control->publisher.newest < number; i++)
		stage_turn(stage);
	assert_int_equal(stage->control->publisher.newest, number);
	text_free(&answer);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_snapshot_waits),
		cmocka_unit_test(nothing_to_ask_nothing_to_wait_for),
		cmocka_unit_test(change_does_not_wait),
		cmocka_unit_test(answer_waits_for_a_new_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
