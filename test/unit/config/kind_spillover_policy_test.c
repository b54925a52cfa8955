/* SPDX-License-Identifier: Apache-2.0
 * Promised: a rule is checked when it is typed and what is wrong is said with its place; what it
 * names need not exist, but is told; it is printed so that it is read again.
 */
#include "config/kind_spillover_policy.h"

#include "scene.h"

static const char base[] = "add lb vserver web HTTP 10.1.0.1 80\n";

static void test_life(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene,
		   "add spillover policy p -rule \"SYS.VSERVER(\\\"web\\\").CONNECTIONS.GT(5)\" "
		   "-action SPILLOVER -comment \"a b\"\n");
	scene_has(scene,
		  "add spillover policy p -rule \"SYS.VSERVER(\\\"web\\\").CONNECTIONS.GT(5)\" "
		  "-action SPILLOVER -comment \"a b\"\n");
	scene_good(scene, "set spillover policy p -rule 'CLIENT.IP.SRC == 10.0.0.1'\n"
			  "unset spillover policy p -comment\nrename spillover policy p q\n");
	scene_has(scene, "add spillover policy q -rule \"CLIENT.IP.SRC == 10.0.0.1\" -action "
			 "SPILLOVER\n");
	scene_good(scene, "rm spillover policy q\n");
	scene_has_not(scene, "spillover");
}

static void test_bad_rules(void **state)
{
	struct scene *scene = *state;

	scene_bad(scene, "add spillover policy p -action SPILLOVER", "-rule is missing");
	scene_bad(scene, "add spillover policy p -rule TRUE", "-action is missing");
	scene_bad(
		scene, "add spillover policy p -rule TRUE -action SPILLOVR",
		"column 43: No such resource: spillover action SPILLOVR: did you mean SPILLOVER?");
	scene_bad(scene,
		  "add spillover policy p -rule 'SYS.VSERVER(\"web\").CONNECTIONZ.GT(5)' -action "
		  "SPILLOVER",
		  "column 30: -rule, character 20: SYS.VSERVER(\"web\").CONNECTIONZ: unknown; did "
		  "you mean CONNECTIONS?");
	scene_bad(scene, "add spillover policy p -rule 'CLIENT.IP.SRC' -action SPILLOVER",
		  "must be true or false, this is an address");
	scene_has_not(scene, "spillover policy");
	scene_good(scene, "add spillover policy p -rule TRUE -action SPILLOVER\n");
	scene_bad(scene, "set spillover policy p -rule FALS", "FALS: unknown");
	scene_bad(scene, "unset spillover policy p -rule", "needs -rule and -action");
	scene_has(scene, "add spillover policy p -rule TRUE -action SPILLOVER\n");
}

static const char rule[] = "add spillover policy p -rule 'SYS.VSERVER(\"web\").HEALTH < 50' "
			   "-action SPILLOVER\n";

static void test_names(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, rule);
	assert_non_null(strstr(scene_said(scene), "there is no lb vserver web: until there is"));
	scene_good(scene, base);
	scene_good(scene, "set spillover policy p -comment x\n");
	assert_string_equal(scene_said(scene), " ");
	scene_good(scene, "rename lb vserver web www\n");
	assert_non_null(strstr(scene_said(scene), "spillover policy p names lb vserver web"));
	scene_good(scene, "rename lb vserver www web\n");
	assert_string_equal(scene_said(scene), " ");
	scene_good(scene, "rm lb vserver web\n");
	assert_non_null(strstr(scene_said(scene), "spillover policy p names lb vserver web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_bad_rules, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_names, scene_open, scene_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
