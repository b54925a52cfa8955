/* SPDX-License-Identifier: Apache-2.0
 * Promised: the first reason that holds is the one, and what was looked at is told with numbers.
 */
#include "control/explain_priv.h"

#include "stage.h"

static const char *const config = "add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
				  "add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
				  "add lb vserver web HTTP 0.0.0.0 0\n"
				  "bind lb vserver web a\nbind lb vserver web b -weight 3\n";

/* The reason, with what was told in stage->answer. */
static enum reason reason_of(struct stage *stage)
{
	struct explain in = { .control = stage->control, .text = &stage->answer };

	text_free(&stage->answer);
	text_add(&stage->answer, STR(""));
	in.reached = &stage->control->plan->vservers[0];
	return explain_reason(&in, in.reached);
}

static void reasons(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(reason_of(stage), REASON_NONE);
	stage_must_say(stage, "services: 2 of 2 are up");
	stage_must_say(stage, "limit of client connections: none, uses 0");
	stage_do(stage, "set lb vserver web -soMethod HEALTH -soThreshold 50");
	assert_int_equal(reason_of(stage), REASON_NONE);
	stage_do(stage, "disable service b");
	assert_int_equal(reason_of(stage), REASON_HEALTH);
	stage_must_say(stage, "health: 25 percent, it spills below 50");
	stage_do(stage, "disable service a");
	assert_int_equal(reason_of(stage), REASON_DOWN);
	stage_do(stage, "disable lb vserver web");
	assert_int_equal(reason_of(stage), REASON_DISABLED);
	stage_close(stage);
}

static void limits(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	stage_do(stage, "set lb vserver web -soMethod CONNECTION -soThreshold 7 -soRamp 50");
	assert_int_equal(reason_of(stage), REASON_NONE);
	stage_must_say(stage, "limit of client connections: 7, uses 0, free 7");
	stage_must_say(stage, "engine 1: used 0");
	stage_must_say(stage, "ramp: from 50 percent of the limit on");
	assert_null(strstr(stage->answer.at, "thresholds"));
	stage_do(stage, "set lb vserver web -soSharedThreshold 1");
	(void)reason_of(stage);
	stage_must_say(stage, "thresholds: an engine may spill before the limit");
	stage_do(stage, "unset lb vserver web -soSharedThreshold");
	stage_do(stage, "set lb vserver web -soQuotaMode PATENT");
	(void)reason_of(stage);
	stage_must_say(stage, "quota mode PATENT");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reasons), cmocka_unit_test(limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
