/* SPDX-License-Identifier: Apache-2.0
 * A table can be made and removed, and is saved before the monitors that name it.
 */
#include "scene.h"

static void test_life(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb metricTable t\n");
	scene_has(scene, "\nadd lb metricTable t\n");
	scene_bad(scene, "add lb metricTable t", "already exists");
	scene_bad(scene, "set lb metricTable t", "metric");
	scene_bad(scene, "bind lb metricTable t", "metric is missing");
	scene_good(scene, "add lb monitor m LOAD -metricTable t\n");
	scene_bad(scene, "rm lb metricTable t", "in use by lb monitor m");
	scene_good(scene, "rm lb monitor m LOAD\nrm lb metricTable t\n");
	scene_has_not(scene, "metricTable");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_life) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
