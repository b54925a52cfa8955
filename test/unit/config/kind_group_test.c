/* SPDX-License-Identifier: Apache-2.0
 * A service group has members by name and by address, each with weight and state of its own.
 */
#include "scene.h"

static void test_group(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server a 10.0.0.1\nadd servicegroup g HTTP -maxClient 10 -usip NO\n"
			  "bind servicegroup g a 80 -weight 5\nbind serviceGroup g a 81\n"
			  "bind serviceGroup g 10.0.0.2 80 -state DISABLED -devno 9\n");
	scene_has(scene, "\nadd serviceGroup g HTTP -maxClient 10\n"
			 "bind serviceGroup g a 80 -weight 5\n"
			 "bind serviceGroup g a 81\n"
			 "bind serviceGroup g 10.0.0.2 80 -state DISABLED\n");
	scene_good(scene, "set serviceGroup g a 80 -weight 7\nenable serviceGroup g 10.0.0.2 80\n"
			  "disable serviceGroup g a 81\nset serviceGroup g -maxClient 0\n");
	scene_has(scene, "\nadd serviceGroup g HTTP\nbind serviceGroup g a 80 -weight 7\n"
			 "bind serviceGroup g a 81 -state DISABLED\n"
			 "bind serviceGroup g 10.0.0.2 80\n");
	scene_good(scene, "unset serviceGroup g a 80 -weight\nunbind serviceGroup g 10.0.0.1 80\n"
			  "disable serviceGroup g\n");
	scene_has(scene, "\nadd serviceGroup g HTTP -state DISABLED\n"
			 "bind serviceGroup g a 81 -state DISABLED\n"
			 "bind serviceGroup g 10.0.0.2 80\n");
}

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add serviceGroup g HTTP\nbind serviceGroup g 10.0.0.1 80\n"
			  "add service s 10.0.0.1 HTTP 80\n");
	scene_bad(scene, "bind serviceGroup g 10.0.0.1 80", "Resource already exists");
	scene_bad(scene, "bind serviceGroup g 10.0.0.1", "port of the server is missing");
	scene_bad(scene, "bind serviceGroup g 10.0.0.1 0", "1 to 65535");
	scene_bad(scene, "bind serviceGroup g nobody 80", "No such resource: server nobody");
	scene_bad(scene, "bind serviceGroup g 10.0.0.9 80 -weight 101", "1 to 100");
	scene_bad(scene, "unbind serviceGroup g 10.0.0.1 81", "no member of g");
	scene_bad(scene, "set serviceGroup g 10.0.0.3 80 -weight 1", "no member of g");
	scene_bad(scene, "add serviceGroup s HTTP", "Resource already exists");
	scene_bad(scene, "add service g 10.0.0.1 HTTP 81", "Resource already exists");
}

/* A server by address goes with the group that made it. */
static void test_remove(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add serviceGroup g HTTP\nbind serviceGroup g 10.0.0.1 80\n"
			  "bind serviceGroup g 10.0.0.1 81\nbind serviceGroup g 10.0.0.2 80\n"
			  "add lb vserver v HTTP\nbind lb vserver v g\nrm serviceGroup g\n");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 0);
	scene_has_not(scene, "bind lb vserver");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_group), SCENE_TEST(test_bad),
						   SCENE_TEST(test_remove) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
