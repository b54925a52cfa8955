/* SPDX-License-Identifier: Apache-2.0
 * Promised: the chain is walked as engines do, the action at its end is told, nothing changes.
 */
#include "control/explain.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
	"add lb vserver spare HTTP 0.0.0.0 0\n"
	"add lb vserver web HTTP 0.0.0.0 0 -backupVServer spare\n"
	"bind lb vserver web a\n"
	"add spillover policy p -rule 'CLIENT.IP.SRC == 10.0.0.1' -action SPILLOVER\n"
	"bind lb vserver web -policyName p\n";

static void walks(void **state)
{
	struct stage *stage = stage_run(config);
	uint64_t generation = config_generation(stage->control->config);

	(void)state;
	assert_int_equal(stage_do(stage, "explain lb vserver web"), 0);
	stage_must_say(stage, "it does not listen");
	stage_must_say(stage, "result: web serves it\n");
	assert_int_equal(stage_do(stage, "explain lb vserver web -clientIP 10.0.0.1"), 0);
	stage_must_say(stage, "it spills: a spillover policy says so");
	stage_must_say(stage, "spare\n\t\tservices: 0 of 0 are up");
	stage_must_say(stage, "the chain ends\nresult: it is dropped, 503 with Retry-After");
	assert_int_equal(config_generation(stage->control->config), generation);
	assert_int_equal(stage_do(stage, "set lb vserver spare -redirectURL /sorry"), 0);
	assert_int_equal(stage_do(stage, "explain lb vserver web -clientIP 10.0.0.1"), 0);
	stage_must_say(stage, "result: spare sends it to /sorry (302)");
	assert_int_equal(stage_do(stage, "set lb vserver web -soShadow ENABLED"), 0);
	assert_int_equal(stage_do(stage, "explain lb vserver web -clientIP 10.0.0.1"), 0);
	stage_must_say(stage, "it would spill: a spillover policy says so; -soShadow only counts");
	stage_must_say(stage, "result: web serves it\n");
	stage_close(stage);
}

static void refuses(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "explain lb vserver nobody"), 1);
	stage_must_say(stage, "there is no lb vserver nobody");
	assert_int_equal(stage_do(stage, "explain lb vserver web -clientIP x"), 1);
	stage_must_say(stage, "x is no address for -clientIP");
	assert_int_equal(stage_do(stage, "explain lb vserver"), 1);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(walks), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
