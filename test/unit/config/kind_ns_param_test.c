/* SPDX-License-Identifier: Apache-2.0
 * The shares of the quota are percentages of the whole appliance; what else "ns param" knows is
 * kept.
 */
#include "scene.h"

static void test_param(void **state)
{
	struct scene *scene = *state;

	scene_has_not(scene, "ns param");
	scene_good(scene, "set ns param -maxConn 4294967294\nset ns param -maxConn 0\n");
	scene_bad(scene, "set ns param -maxConn 4294967295", "0 to 4294967294");
	scene_good(scene,
		   "set ns param -exclusiveQuotaSpillOver 50 -timezone CoordinatedUniversalTime\n");
	scene_has(
		scene,
		"\nset ns param -exclusiveQuotaSpillOver 50 -timezone CoordinatedUniversalTime\n");
	scene_bad(scene, "set ns param -grantQuotaMaxClient 101", "0 to 100");
	scene_bad(scene, "set ns param -timezone NOWHERE", "NOWHERE is no timezone");
	scene_good(scene, "unset ns param -exclusiveQuotaSpillOver -timezone\n");
	scene_has_not(scene, "ns param");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_param) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
