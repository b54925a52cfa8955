/* SPDX-License-Identifier: Apache-2.0
 * Monitors have times with units and lists of status codes; some are there from the start.
 */
#include "scene.h"

static void test_monitor(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m HTTP -respCode 200-299 301 -httpRequest \"GET /x\" "
			  "-interval 1500 MSEC -resptimeout 1 -destPort 8080 -reverse YES\n");
	scene_has(scene,
		  "\nadd lb monitor m HTTP -interval 1500 MSEC -resptimeout 1 -destPort 8080 "
		  "-reverse YES -httpRequest \"GET /x\" -respCode 200-299 301\n");
	scene_good(scene, "set lb monitor m HTTP -interval 2 MIN -respCode 204\n"
			  "unset lb monitor m HTTP -httpRequest -destPort -reverse -resptimeout\n");
	scene_has(scene, "\nadd lb monitor m HTTP -interval 120 -respCode 204\n");
	scene_good(scene, "rm lb monitor m HTTP\n");
	scene_has_not(scene, "lb monitor");
}

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m HTTP\nadd service s 10.0.0.1 HTTP 80\n"
			  "bind service s -monitorName m\n");
	scene_bad(scene, "add lb monitor n HTTPP", "did you mean HTTP?");
	scene_bad(scene, "set lb monitor m TCP -interval 9", "is of type HTTP, not TCP");
	scene_bad(scene, "set lb monitor m HTTP -interval 9 MSEC", "10 ms to");
	scene_bad(scene, "set lb monitor m HTTP -interval 5 HOURS", "too many arguments: HOURS");
	scene_bad(scene, "rm lb monitor m HTTP", "in use by service s");
	scene_bad(scene, "rm lb monitor tcp TCP", "built in");
}

static void test_builtin(void **state)
{
	struct scene *scene = *state;

	scene_has_not(scene, "lb monitor");
	scene_good(scene, "set lb monitor http HTTP -retries 7\n");
	scene_has(scene, "\nset lb monitor http HTTP -retries 7\n");
	scene_good(scene, "unset lb monitor http HTTP -retries\n");
	scene_has_not(scene, "lb monitor");
	scene_warns(scene, "add lb monitor e SIP-TCP", "a TCP connect is tried instead");
	scene_warns(scene, "add lb monitor f SIP-UDP", "a PING is sent instead");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_monitor), SCENE_TEST(test_bad),
						   SCENE_TEST(test_builtin) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
