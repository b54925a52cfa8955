/* SPDX-License-Identifier: Apache-2.0
 * Promised: policies stand in the order of their priorities, each knows where the tests go on, and
 * names of virtual servers are looked up for every plan.
 */
#include "config/plan_policy.h"

#include "policy/rule.h"
#include "scene.h"

static const char base[] = "add spillover policy a -rule 'SYS.VSERVER(\"w\").HEALTH < 5 || "
			   "SYS.VSERVER(\"none\").HEALTH < 5' -action SPILLOVER\n"
			   "add spillover policy b -rule FALSE -action SPILLOVER\n"
			   "add spillover policy c -rule TRUE -action SPILLOVER\n"
			   "add lb vserver v HTTP 10.1.0.1 80\n"
			   "add lb vserver w HTTP 10.1.0.1 81\n";

static void check_next(const struct plan *plan, const uint32_t *policies, const uint32_t *next)
{
	const struct plan_vserver *vserver = &plan->vservers[0];

	assert_int_equal(vserver->spill_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(vserver->spills[i].policy, policies[i]);
		assert_int_equal(vserver->spills[i].next, next[i]);
	}
}

static void test_order(void **state)
{
	struct scene *scene = *state;
	struct plan *plan;

	scene_good(scene, base);
	scene_good(scene,
		   "bind lb vserver v -policyName c -priority 30\n"
		   "bind lb vserver v -policyName a -priority 10 -gotoPriorityExpression 25\n"
		   "bind lb vserver v -policyName b -priority 20 -gotoPriorityExpression NEXT\n");
	plan = plan_new(scene->config);
	assert_int_equal(plan->policy_count, 3);
	check_next(plan, (uint32_t[]){ 0, 1, 2 }, (uint32_t[]){ 2, 2, 3 });
	assert_int_equal(plan->vservers[1].spill_count, 0);
	plan_free(plan);
	scene_good(scene,
		   "unbind lb vserver v -policyName a\n"
		   "bind lb vserver v -policyName a -priority 40 -gotoPriorityExpression 99\n");
	plan = plan_new(scene->config);
	check_next(plan, (uint32_t[]){ 1, 2, 0 }, (uint32_t[]){ 1, 3, 3 });
	plan_free(plan);
}

static void test_names(void **state)
{
	struct scene *scene = *state;
	struct plan *plan;

	scene_good(scene, base);
	plan = plan_new(scene->config);
	assert_int_equal(rule_vserver(plan->policies[0].rule, 0), 1);
	assert_int_equal(rule_vserver(plan->policies[0].rule, 1), MODEL_NONE);
	assert_true(!plan->vservers[0].is_watched && plan->vservers[1].is_watched);
	plan_free(plan);
	scene_good(scene, "rename lb vserver w none\n");
	plan = plan_new(scene->config);
	assert_int_equal(rule_vserver(plan->policies[0].rule, 0), MODEL_NONE);
	assert_int_equal(rule_vserver(plan->policies[0].rule, 1), 1);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = { SCENE_TEST(test_order), SCENE_TEST(test_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
