/* SPDX-License-Identifier: Apache-2.0
 * A table names metrics, a monitor uses some of them with thresholds.
 */
#include "scene.h"

static const char *const tables = "add lb metricTable t\n"
				  "bind lb metricTable t cpu .1.3.6.1.4.1\n"
				  "bind lb metricTable t \"disk use\" 1.3.6.2\n";

static void test_table(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, tables);
	scene_has(scene, "\nbind lb metricTable t \"disk use\" 1.3.6.2\n");
	scene_good(scene, "set lb metricTable t cpu 1.3.7\n");
	scene_has(scene, "\nbind lb metricTable t cpu 1.3.7\n");
	scene_bad(scene, "bind lb metricTable t cpu 1.3.7", "change it with set");
	scene_bad(scene, "bind lb metricTable t x 1", "no object identifier");
	scene_bad(scene, "bind lb metricTable t x 1..2", "no object identifier");
	scene_bad(scene, "bind lb metricTable t x 1.2.", "no object identifier");
	scene_bad(scene, "bind lb metricTable t x a.b", "no object identifier");
	scene_bad(scene, "set lb metricTable t none 1.3", "metric none of t");
	scene_good(scene, "unbind lb metricTable t cpu\nrm lb metricTable t\n");
	scene_has_not(scene, "metricTable");
}

static void test_monitor(void **state)
{
	struct scene *scene = *state;

	scene_bad(scene, "add lb monitor m LOAD -metricTable t", "lb metricTable t");
	scene_good(scene, tables);
	scene_good(scene, "add lb monitor m LOAD -metricTable t\n"
			  "bind lb monitor m -metric cpu -metricThreshold 80 -metricWeight 2\n"
			  "bind lb monitor m -metric \"disk use\" -metricThreshold 90\n");
	scene_has(scene, "\nbind lb monitor m -metric cpu -metricThreshold 80 -metricWeight 2\n"
			 "bind lb monitor m -metric \"disk use\" -metricThreshold 90\n");
	scene_good(scene, "set lb monitor m LOAD -metric cpu -metricThreshold 70\n");
	scene_has(scene, "-metric cpu -metricThreshold 70 -metricWeight 2\n");
	scene_bad(scene, "bind lb monitor m -metric cpu -metricThreshold 1", "already exists");
	scene_bad(scene, "bind lb monitor m -metric x -metricThreshold 1", "metric x of");
	scene_bad(scene, "set lb monitor m LOAD -metric cpu -metricWeight 101", "1 to 100");
	scene_bad(scene, "set lb monitor m LOAD -metric cpu -metricThreshold 1 -interval 9",
		  "-interval does not go with -metric");
	scene_bad(scene, "set lb monitor m LOAD -metricThreshold 1", "name what it belongs to");
	scene_bad(scene, "unset lb monitor m LOAD -metricTable", "unbind it first");
	scene_bad(scene, "unbind lb metricTable t cpu", "in use by lb monitor m");
	scene_bad(scene, "rm lb metricTable t", "in use by lb monitor m");
	scene_good(scene, "unbind lb monitor m -metric cpu\nunbind lb metricTable t cpu\n");
	scene_bad(scene, "unbind lb monitor m -metric cpu", "is not bound to m");
	scene_good(scene, "add lb monitor n TCP\n");
	scene_bad(scene, "bind lb monitor n -metric cpu -metricThreshold 1", "type LOAD");
	scene_bad(scene, "bind lb monitor m -metric \"disk use\"", "-metricThreshold is missing");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_table),
						   SCENE_TEST(test_monitor) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
