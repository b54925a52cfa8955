/* SPDX-License-Identifier: Apache-2.0
 * Promised: spillover policies are bound with a priority of their own, given or not, and printed
 * behind what they need; a bound policy stays; bad values change nothing.
 */
#include "config/bind_policy.h"

#include "scene.h"

static const char base[] = "add spillover policy a -rule TRUE -action SPILLOVER\n"
			   "add spillover policy b -rule FALSE -action SPILLOVER\n"
			   "add lb vserver v HTTP 10.1.0.1 80\n"
			   "add lb vserver w HTTP 10.1.0.1 81\n";

static void test_priorities(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene,
		   "bind lb vserver v -policyName a\nbind lb vserver v -policyName b\n"
		   "bind lb vserver w -policyName b -priority 7 -gotoPriorityExpression NEXT\n"
		   "bind lb vserver w -policyName a -priority 5 -gotoPriorityExpression 9\n");
	scene_has(scene,
		  "add spillover policy b -rule FALSE -action SPILLOVER\n"
		  "bind lb vserver v -policyName a -priority 100\n"
		  "bind lb vserver v -policyName b -priority 110\n"
		  "bind lb vserver w -policyName b -priority 7 -gotoPriorityExpression NEXT\n"
		  "bind lb vserver w -policyName a -priority 5 -gotoPriorityExpression 9\n");
	scene_good(scene, "rename spillover policy a c\n");
	scene_has(scene, "bind lb vserver w -policyName c -priority 5 -gotoPriorityExpression 9\n");
	scene_bad(scene, "rm spillover policy c", "in use by lb vserver v");
	scene_bad(scene, "unbind lb vserver v -policyName c -priority 101",
		  "c is bound with priority 100");
	scene_good(scene, "unbind lb vserver v -policyName c -priority 100\n"
			  "unbind lb vserver w -policyName c\nrm spillover policy c\n");
	scene_has_not(scene, "-policyName c");
	scene_bad(scene, "unbind lb vserver v -policyName nobody", "nobody is not bound to v");
	scene_good(scene, "rm lb vserver v\nrm lb vserver w\nrm spillover policy b\n");
}

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "bind lb vserver v -policyName a -priority 50\n");
	scene_bad(scene, "bind lb vserver v -policyName a", "a is bound to v already");
	scene_bad(scene, "bind lb vserver v -policyName b -priority 50",
		  "spillover policy a has priority 50");
	scene_bad(scene, "bind lb vserver v -policyName b -priority 0", "1 to 2147483647");
	scene_bad(scene, "bind lb vserver v -policyName b -priority 2147483648", "1 to 2147483647");
	scene_bad(scene, "bind lb vserver v -policyName b -priority x", "1 to 2147483647");
	scene_bad(scene, "bind lb vserver v -policyName b -priority 60 -gotoPriorityExpression 60",
		  "END, NEXT or a priority behind 60, not 60");
	scene_bad(scene, "bind lb vserver v -policyName b -gotoPriorityExpression LATER",
		  "END, NEXT or a priority behind 100, not LATER");
	scene_bad(scene, "bind lb vserver v -policyName b -type REQUEST",
		  "-type is not for a spillover policy");
	scene_bad(scene, "unbind lb vserver v -policyName b", "b is not bound to v");
	scene_has_not(scene, "-policyName b");
	scene_good(scene, "bind lb vserver v -policyName b -priority 2147483647\n");
}

/* Policies of other kinds are kept as before. */
static void test_others(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "bind lb vserver v -policyName other -priority 5 -type REQUEST\n");
	assert_non_null(strstr(scene_said(scene), "kept but not yet supported"));
	scene_has(scene, "bind lb vserver v -policyName other -priority 5 -type REQUEST\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_priorities, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_bad, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_others, scene_open, scene_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
