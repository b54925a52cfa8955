/* SPDX-License-Identifier: Apache-2.0
 * A name server is an address, with a port that may be another than 53.
 */
#include "scene.h"

static void test_name_server(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add dns nameServer 192.0.2.53\nadd dns nameServer ::1 -port 5353\n"
			  "disable dns nameServer 192.0.2.53\n");
	scene_has(scene, "\nadd dns nameServer 192.0.2.53 -state DISABLED\n"
			 "add dns nameServer ::1 -port 5353\n");
	scene_bad(scene, "add dns nameServer nowhere", "nowhere is no address of a name server");
	scene_bad(scene, "add dns nameServer ::1", "Resource already exists");
	scene_bad(scene, "add dns nameServer ::2 -port 0", "1 to 65535");
	scene_good(scene, "rm dns nameServer ::1\n");
	scene_has_not(scene, "::1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_name_server) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
