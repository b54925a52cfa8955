/* SPDX-License-Identifier: Apache-2.0
 * A service: its state with the reason, its limit, its monitors.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void state_and_reason(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show service a"), 0);
	stage_must_say(stage, "state: UP");
	stage_must_say(stage, "address: 127.0.0.1:9001");
	stage_must_say(stage, "limit: 30");
	stage_must_say(stage, "reason: not monitored");
	assert_int_equal(stage_do(stage, "show svcbindings a"), 0);
	stage_must_say(stage, "bound to\n\t\tweight 1  web");
	assert_int_equal(stage_do(stage, "disable service a"), 0);
	assert_int_equal(stage_do(stage, "show service a"), 0);
	stage_must_say(stage, "state: OUT OF SERVICE");
	stage_close(stage);
}

static void monitors(void **state)
{
	struct stage *stage = stage_run("add service a 127.0.0.1 TCP 1\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show service a"), 0);
	stage_must_say(stage, "state: DOWN");
	stage_must_say(stage, "tcp-default  TCP  bad");
	stage_close(stage);
}

static void group(void **state)
{
	struct stage *stage = stage_run("add serviceGroup g HTTP -healthMonitor NO\n"
					"bind serviceGroup g 127.0.0.1 81\n"
					"bind serviceGroup g 127.0.0.1 82\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show serviceGroup g"), 0);
	stage_must_say(stage, "127.0.0.1:81");
	stage_must_say(stage, "127.0.0.1:82");
	stage_must_say(stage, "\t\t\tsince 2");
	assert_int_equal(stage_do(stage, "set serviceGroup g -healthMonitor YES"), 0);
	assert_int_equal(stage_do(stage, "show serviceGroup g"), 0);
	stage_must_say(stage, "\n\t\t\tmonitors\n\t\t\t\ttcp-default  TCP  ");
	assert_int_equal(stage_do(stage, "set serviceGroup g -healthMonitor NO"), 0);
	assert_int_equal(stage_do(stage, "show serviceGroup"), 0);
	stage_must_say(stage, "members 2, of them up 2");
	assert_int_equal(stage_do(stage, "show serviceGroup -includeMembers"), 0);
	stage_must_say(stage, "members 2, of them up 2");
	stage_must_say(stage, "127.0.0.1:82");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(state_and_reason),
					    cmocka_unit_test(monitors), cmocka_unit_test(group) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
