/* SPDX-License-Identifier: Apache-2.0
 * What is limited besides the clients of a virtual server is shown with its pool.
 */
#include "control/show.h"

#include "stage.h"

static void the_pool_of_requests(void **state)
{
	struct stage *stage = stage_run(
		"add lb vserver web HTTP 0.0.0.0 0 -soMethod REQUEST -soThreshold 40\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "threshold: 40");
	stage_must_say(stage, "-soThreshold, of requests in flight");
	stage_must_say(stage, "limit of requests in flight: 40");
	stage_must_say(stage, "exclusive pool of requests in flight: 32 (16 for each engine)");
	assert_int_equal(stage_do(stage, "stat lb vserver web"), 0);
	stage_must_say(stage, "Limit of requests in flight: 40");
	stage_close(stage);
}

static void the_appliance(void **state)
{
	struct stage *stage = stage_run("set spillover param -maxClient 10\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show spillover param"), 0);
	stage_must_say(stage, "limit of client connections: 10");
	assert_int_equal(stage_do(stage, "unset spillover param -maxClient"), 0);
	assert_int_equal(stage_do(stage, "show spillover param"), 0);
	assert_null(strstr(stage->answer.at, "limit of"));
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_pool_of_requests),
					    cmocka_unit_test(the_appliance) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
