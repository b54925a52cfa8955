/* SPDX-License-Identifier: Apache-2.0
 * Counters are summed over the engines, and told engine by engine with -detail.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void sums(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");

	(void)state;
	stat_add(&web->stats[0].spilled, 3);
	stat_add(&web->stats[1].spilled, 4);
	stat_add(&stage_service(stage, "a")->stats[1].retries, 5);
	assert_int_equal(stage_do(stage, "stat lb vserver web"), 0);
	stage_must_say(stage, "Spilled over: 7");
	stage_must_say(stage, "Limit: 42");
	stage_must_say(stage, "Used: 0");
	assert_int_equal(stage_do(stage, "stat lb vserver web -detail"), 0);
	stage_must_say(stage, "engine 1 Spilled over: 4");
	stage_must_say(stage, "engine 1 Exclusive: 16");
	stage_must_say(stage, "engine 0 Used: 0");
	stage_must_say(stage, "engine 0 Premature spills: 0");
	assert_int_equal(stage_do(stage, "stat service a"), 0);
	stage_must_say(stage, "Retries: 5");
	assert_int_equal(stage_do(stage, "stat service"), 0);
	stage_must_say(stage, "service b");
	assert_int_equal(stage_do(stage, "stat service nobody"), 1);
	stage_close(stage);
}

static void engines(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	stat_add(&stage->stats[0].accepted, 2);
	stat_add(&stage->stats[1].accepted, 9);
	assert_int_equal(stage_do(stage, "stat engines"), 0);
	stage_must_say(stage, "Accepted: 11");
	stage_must_say(stage, "Accepted: 9");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sums), cmocka_unit_test(engines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
