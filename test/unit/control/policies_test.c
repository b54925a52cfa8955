/* SPDX-License-Identifier: Apache-2.0
 * Promised: a policy keeps its counters while it is configured, and they live until no engine can
 * write them any more.
 */
#include "control/policies.h"

#include "stage.h"

static void life(void **state)
{
	struct plan_policy both[] = { { .uid = 7, .name = STR("seven") },
				      { .uid = 9, .name = STR("nine") } };
	struct plan plan = { .policies = both, .policy_count = 2 };
	struct policies policies;
	struct stat_policy *seven;

	(void)state;
	policies_init(&policies, NULL, 3);
	policies_take(&policies, &plan, 1);
	seven = policies_stats(&policies, 7);
	assert_non_null(seven);
	assert_true(policies_stats(&policies, 9) != seven);
	assert_null(policies_stats(&policies, 8));
	stat_add(&seven[2].hits, 5);
	policies_everywhere(&policies, 100);
	policies_take(&policies, &plan, 100);
	assert_ptr_equal(policies_stats(&policies, 7), seven);
	/* 7 goes: snapshot 100 may still have it, 101 does not. */
	plan.policies = &both[1];
	plan.policy_count = 1;
	policies_take(&policies, &plan, 100);
	policies_take(&policies, &plan, 101);
	policies_everywhere(&policies, 100);
	assert_ptr_equal(policies_stats(&policies, 7), seven);
	policies_everywhere(&policies, 101);
	assert_null(policies_stats(&policies, 7));
	assert_non_null(policies_stats(&policies, 9));
	policies_fini(&policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(life) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
