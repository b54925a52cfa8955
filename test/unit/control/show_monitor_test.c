/* SPDX-License-Identifier: Apache-2.0
 * A monitor: what its options mean together, and what it is bound to.
 */
#include "control/show.h"

#include "stage.h"

static void bound(void **state)
{
	struct stage *stage = stage_run(
		"add lb monitor m TCP -interval 500 MSEC -failureRetries 2\n"
		"add service a 127.0.0.1 TCP 1\n"
		"add serviceGroup g TCP\n"
		"bind serviceGroup g 127.0.0.1 2\n"
		"bind service a -monitorName m -weight 3\n"
		"bind serviceGroup g -monitorName m -monState DISABLED\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show lb monitor m"), 0);
	stage_must_say(stage, "a probe every 500 ms, an answer within 450 ms, down after 2 "
			      "failures of 3, up after 1 good in a row, while down every 30 s\n");
	stage_must_say(stage, "service a  ENABLED  weight 3  not good: connection refused");
	stage_must_say(stage, "serviceGroup g  DISABLED  weight 1  good at 0 of 0");
	assert_int_equal(stage_do(stage, "show lb monbindings m"), 0);
	stage_must_say(stage, "service a  ENABLED  weight 3  not good: connection refused");
	assert_int_equal(stage_do(stage, "show lb monitor m tcp"), 0);
	assert_int_equal(stage_do(stage, "show lb monitor m HTTP"), 1);
	stage_must_say(stage, "lb monitor m is of type TCP, not HTTP");
	assert_int_equal(stage_do(stage, "show lb monbindings n"), 1);
	stage_must_say(stage, "there is no lb monitor n");
	assert_int_equal(stage_do(stage, "show lb monbindings"), 1);
	stage_close(stage);
}

/* Who looks over an operator's shoulder does not learn it. */
static void secrets_are_not_shown(void **state)
{
	struct stage *stage = stage_run(
		"add lb monitor r RADIUS -userName probe -password pssst -radKey "
		"knock -respCode 2\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show lb monitor r"), 0);
	stage_must_say(stage, "userName: probe");
	stage_must_say(stage, "password: (set)");
	stage_must_say(stage, "radKey: (set)");
	assert_false(stage_said(stage, "pssst"));
	assert_int_equal(stage_do(stage, "show ns runningConfig"), 0);
	stage_must_say(stage, "-password pssst");
	stage_close(stage);
}

static void built_in(void **state)
{
	struct stage *stage = stage_run("add service a 127.0.0.1 TCP 1\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show lb monitor tcp-default"), 0);
	stage_must_say(stage, "down after 3 failures in a row");
	stage_must_say(stage, "; built in\n");
	stage_must_say(stage, "1 services and members without a monitor of their own, good at 0");
	assert_int_equal(stage_do(stage, "show lb monitor https"), 0);
	stage_must_say(stage, "secure: YES");
	stage_must_say(stage, "bound to\n\t\tnothing");
	stage_close(stage);
}

static void metrics(void **state)
{
	struct stage *stage = stage_run("add lb metricTable t\n"
					"bind lb metricTable t cpu 1.3.6.1.2.1.1.3.0\n"
					"add lb monitor l LOAD -metricTable t\n"
					"bind lb monitor l -metric cpu -metricThreshold 80 "
					"-metricWeight 2\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show lb monitor l"), 0);
	stage_must_say(stage, "\tmetric cpu: at most 80, weight 2\n\tbound to\n");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bound),
					    cmocka_unit_test(secrets_are_not_shown),
					    cmocka_unit_test(built_in), cmocka_unit_test(metrics) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
