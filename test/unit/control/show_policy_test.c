/* SPDX-License-Identifier: Apache-2.0
 * Promised: rules, hits over all engines and where a policy is bound are shown.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add lb vserver web HTTP 0.0.0.0 0\n"
	"add spillover policy p -rule 'SYS.VSERVER(\"web\").HEALTH < 50' -action SPILLOVER\n"
	"add spillover policy q -rule TRUE -action SPILLOVER\n"
	"bind lb vserver web -policyName p -priority 5 -gotoPriorityExpression NEXT\n"
	"bind lb vserver web -policyName q -priority 4 -gotoPriorityExpression 77\n";

static void shown(void **state)
{
	struct stage *stage = stage_run(config);
	struct object *policy = config_find(stage->control->config, KIND_SPILLOVER_POLICY,
					    STR("p"));
	struct stat_policy *stats = policies_stats(&stage->control->runtime.policies, policy->uid);

	(void)state;
	stat_add(&stats[0].hits, 3);
	stat_add(&stats[1].hits, 4);
	stat_add(&stats[1].undefined, 2);
	assert_int_equal(stage_do(stage, "stat spillover policy p"), 0);
	stage_must_say(stage, "Hits: 7");
	stage_must_say(stage, "Undefined hits: 2");
	assert_int_equal(stage_do(stage, "stat spillover action SPILLOVER"), 0);
	stage_must_say(stage, "spillover action SPILLOVER\n\tHits: 7\n\tUndefined hits: 2\n");
	assert_int_equal(stage_do(stage, "stat spillover policy p -clearstats full"), 0);
	stage_must_say(stage, "Hits: 7");
	assert_int_equal(stage_do(stage, "stat spillover policy p"), 0);
	stage_must_say(stage, "\tHits: 0");
	assert_int_equal(stage_do(stage, "stat spillover action"), 0);
	stage_must_say(stage, "\tHits: 0");
	assert_int_equal(stage_do(stage, "show spillover policy stats"), 0);
	stage_must_say(stage, "\tHits: 0");
	assert_int_equal(stage_do(stage, "stat spillover policy"), 0);
	stage_must_say(stage, "spillover policy q");
	assert_int_equal(stage_do(stage, "show spillover policy p"), 0);
	stage_must_say(stage, "rule: SYS.VSERVER(\"web\").HEALTH < 50");
	stage_must_say(stage, "bound to: lb vserver web, priority 5, goto NEXT");
	assert_int_equal(stage_do(stage, "show spillover policy q"), 0);
	stage_must_say(stage, "priority 4, goto 77");
	assert_int_equal(stage_do(stage, "show spillover policy"), 0);
	stage_must_say(stage, "1) p  SYS.VSERVER(\"web\").HEALTH < 50");
	assert_int_equal(stage_do(stage, "show spillover action"), 0);
	stage_must_say(stage, "SPILLOVER");
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "spillover policy: 4 q: TRUE\n\tspillover policy: 5 p: ");
	assert_int_equal(stage_do(stage, "show policy functions"), 0);
	stage_must_say(stage, "NUMBER.GT(number) or >: greater");
	assert_int_equal(stage_do(stage, "show spillover policy nobody"), 1);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
