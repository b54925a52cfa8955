/* SPDX-License-Identifier: Apache-2.0
 * A virtual server: its limit and why, its pools, its services.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void limit_and_why(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "state: UP");
	stage_must_say(stage, "threshold: 42");
	stage_must_say(stage, "a 30 + b 12");
	stage_must_say(stage, "exclusive pool: 32");
	stage_must_say(stage, "exclusive for each engine: 16");
	stage_must_say(stage, "shared pool: 10");
	stage_must_say(stage, "batch: 1");
	stage_must_say(stage, "listens: no, it serves as a backup only");
	assert_int_equal(stage_do(stage, "disable service b"), 0);
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "threshold: 30");
	stage_must_say(stage, "b 0 (out of service)");
	assert_int_equal(stage_do(stage, "unset service a -maxClient"), 0);
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "threshold: none");
	stage_must_say(stage, "a has no -maxClient");
	stage_close(stage);
}

static void line(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show lb vserver"), 0);
	stage_must_say(stage, "web  0.0.0.0:0  HTTP  UP  services 2");
	assert_int_equal(stage_do(stage, "disable lb vserver web"), 0);
	assert_int_equal(stage_do(stage, "show lb vserver"), 0);
	stage_must_say(stage, "OUT OF SERVICE");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limit_and_why),
					    cmocka_unit_test(line) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
