/* SPDX-License-Identifier: Apache-2.0
 * The old form of a binding means the new one; codes go one by one.
 */
#include "scene.h"

static void test_old_form(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m TCP\nadd service s 10.0.0.1 HTTP 80\n"
			  "add serviceGroup g HTTP\n"
			  "bind lb monitor m s -state DISABLED -weight 3\nbind lb monitor m g\n");
	scene_has(scene, "\nbind service s -monitorName m -monState DISABLED -weight 3\n");
	scene_has(scene, "\nbind serviceGroup g -monitorName m\n");
	scene_bad(scene, "bind lb monitor m s", "is bound to s already");
	scene_bad(scene, "bind lb monitor ping s -metricWeight 5", "it goes with -metric");
	scene_bad(scene, "bind lb monitor m t", "service t: did you mean s?");
	scene_bad(scene, "bind lb monitor n s", "n");
	scene_bad(scene, "bind lb monitor m", "the name of a service or service group is missing");
	scene_bad(scene, "bind lb monitor m -certkeyName c", "-certkeyName is not done");
	scene_bad(scene, "bind lb monitor m s -weight 101", "1 to 100");
	scene_good(scene, "unbind lb monitor m s\nunbind lb monitor m g\n");
	scene_has_not(scene, "bind service");
	scene_bad(scene, "unbind lb monitor m s", "m is not bound to s");
}

static void test_codes(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m HTTP -respCode 200 301-302 404\n"
			  "rm lb monitor m HTTP -respCode 301-302\n");
	scene_has(scene, "\nadd lb monitor m HTTP -respCode 200 404\n");
	scene_bad(scene, "rm lb monitor m HTTP -respCode 500", "does not hold 500");
	scene_bad(scene, "rm lb monitor m TCP -respCode 200", "is of type HTTP");
	scene_good(scene, "rm lb monitor m HTTP -respCode 404 200\n");
	scene_has(scene, "\nadd lb monitor m HTTP\n");
	scene_bad(scene, "rm lb monitor m HTTP -respCode 200", "does not hold 200");
	scene_good(scene, "rm lb monitor m HTTP\n");
}

static void test_transparent(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m TCP -transparent NO\n");
	scene_bad(scene, "set lb monitor m TCP -transparent YES", "by the routes of the system");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_old_form),
						   SCENE_TEST(test_codes),
						   SCENE_TEST(test_transparent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
