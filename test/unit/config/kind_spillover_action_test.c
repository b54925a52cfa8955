/* SPDX-License-Identifier: Apache-2.0
 * Promised: an action can be made, shown and renamed, and stays while a policy has it; one is built
 * in.
 */
#include "config/kind.h"

#include "scene.h"

static void test_life(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add spillover action act1 -action SPILLOVER\n");
	scene_has(scene, "add spillover action act1 -action SPILLOVER\n");
	scene_bad(scene, "add spillover action act1 -action SPILLOVER", "already exists");
	scene_bad(scene, "add spillover action act2", "-action is missing");
	scene_bad(scene, "add spillover action act2 -action DROP", "SPILLOVER");
	scene_good(scene, "set spillover action act1 -action SPILLOVER\n");
	scene_bad(scene, "set spillover action act1 -action DROP", "SPILLOVER");
	scene_bad(scene, "set spillover action nobody -action SPILLOVER", "nobody");
	scene_good(scene, "rename spillover action act1 act2\nrm spillover action act2\n");
	scene_has_not(scene, "spillover");
}

static void test_in_use(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add spillover action act1 -action SPILLOVER\n"
			  "add spillover policy p -rule TRUE -action act1\n");
	scene_bad(scene, "rm spillover action act1",
		  "spillover action act1 is in use by spillover policy p");
	scene_good(scene, "rename spillover action act1 other\n");
	scene_has(scene, "add spillover policy p -rule TRUE -action other\n");
}

static void test_builtin(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add spillover policy p -rule TRUE -action SPILLOVER\n");
	scene_has_not(scene, "spillover action");
	scene_bad(scene, "rename spillover action SPILLOVER x", "built in");
	scene_good(scene, "rm spillover policy p\n");
	scene_bad(scene, "rm spillover action SPILLOVER", "built in");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_in_use, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(test_builtin, scene_open, scene_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
