/* SPDX-License-Identifier: Apache-2.0
 * The limits of the whole appliance are numbers of at least 1, and none when they are not set.
 */
#include "scene.h"

static void test_param(void **state)
{
	struct scene *scene = *state;

	scene_has_not(scene, "spillover param");
	scene_good(scene, "set spillover param -maxClient 5000 -maxRequest 20\n");
	scene_has(scene, "\nset spillover param -maxClient 5000 -maxRequest 20\n");
	scene_good(
		scene,
		"set spillover param -maxRequestRate 7\nunset spillover param -maxRequestRate\n");
	scene_bad(scene, "set spillover param -maxRequestRate 0", "1 to 4294967287");
	scene_good(scene, "set spillover param -maxBandwidth 8000\n");
	scene_has(scene, "-maxBandwidth 8000\n");
	scene_good(scene, "unset spillover param -maxBandwidth\n");
	scene_has_not(scene, "maxBandwidth");
	scene_bad(scene, "set spillover param -maxBandwidth 0", "1 to 4294967287");
	scene_bad(scene, "set spillover param -maxClient 0", "1 to 4294967287");
	scene_bad(scene, "set spillover param -maxClients 4", "maxClients");
	scene_bad(scene, "add spillover param", "unknown object type");
	scene_good(scene, "unset spillover param -maxClient\n");
	scene_has(scene, "\nset spillover param -maxRequest 20\n");
	scene_good(scene, "unset spillover param -maxRequest\n");
	scene_has_not(scene, "spillover param");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_param) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
