/* SPDX-License-Identifier: Apache-2.0
 * What is said of balancing for all virtual servers; the rest that "lb parameter" knows is kept.
 */
#include "scene.h"

static void test_parameter(void **state)
{
	struct scene *scene = *state;

	scene_has_not(scene, "lb parameter");
	scene_good(scene, "set lb parameter -consolidatedLConn NO -startupRRFactor 5 "
			  "-httpOnlyCookieFlag DISABLED\n");
	scene_has(scene, "\nset lb parameter -httpOnlyCookieFlag DISABLED -consolidatedLConn NO "
			 "-startupRRFactor 5\n");
	scene_bad(scene, "set lb parameter -startupRRFactor x", "startupRRFactor");
	scene_bad(scene, "set lb parameter -consolidatedLConn MAYBE", "consolidatedLConn");
	scene_good(scene, "unset lb parameter -consolidatedLConn -startupRRFactor "
			  "-httpOnlyCookieFlag\n");
	scene_has_not(scene, "lb parameter");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_parameter) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
