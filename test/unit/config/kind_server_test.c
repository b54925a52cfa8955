/* SPDX-License-Identifier: Apache-2.0
 * A server is an address or a domain name; it can be disabled and renamed, and is not removed
 * while a service needs it.
 */
#include "scene.h"

static void test_server(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server a 10.0.0.1 -comment \"the first\"\nadd server b ::1\n");
	scene_good(scene, "add server c www.example.com -domainResolveRetry 9\n");
	scene_bad(scene, "add server d 300.0.0.1", "neither an address nor a domain name");
	scene_bad(scene, "add server d \"x y\"", "neither an address nor a domain name");
	scene_bad(scene, "add server a 10.0.0.2", "Resource already exists: server a");
	scene_bad(scene, "set server a -IPAddress nobody!", "neither");
	scene_bad(scene, "set server a -state DISABLED", "by add only: use enable or disable");
	scene_bad(scene, "add server \"\" 10.0.0.2", "1 to 127 bytes");
	scene_good(scene, "set server a -IPAddress 10.0.0.9\ndisable server a\nrename server b bb\n"
			  "unset server a -comment\n");
	scene_has(scene, "\nadd server a 10.0.0.9 -state DISABLED\nadd server bb ::1 -knownAs b\n");
	scene_good(scene, "set server c -domainResolveNow -comment soon\n");
	scene_has(scene, "\nadd server c www.example.com -domainResolveRetry 9 -comment soon\n");
}

static void test_in_use(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server a 10.0.0.1\nadd service s a HTTP 80\n"
			  "add serviceGroup g HTTP\nbind serviceGroup g a 81\n");
	scene_bad(scene, "rm server a", "in use by service s");
	scene_good(scene, "rename server a z\n");
	scene_has(scene, "add service s z HTTP 80\n");
	scene_has(scene, "bind serviceGroup g z 81\n");
	scene_good(scene, "rm service s\n");
	scene_bad(scene, "rm server z", "in use by serviceGroup g");
	scene_good(scene, "unbind serviceGroup g z 81\nrm server z\n");
	scene_has_not(scene, "server z");
}

/* A service by address makes a server that goes with its last user, unless somebody touched it. */
static void test_implicit(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\nadd service t 10.0.0.1 HTTP 81\n");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 1);
	scene_has_not(scene, "add server");
	scene_bad(scene, "add server 10.0.0.1 10.0.0.1", "already exists");
	scene_good(scene, "rm service s\n");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 1);
	scene_good(scene, "rm service t\n");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 0);
	scene_good(scene, "add service s 10.0.0.1 HTTP 80\ndisable server 10.0.0.1\n");
	scene_has(scene, "add server 10.0.0.1 10.0.0.1 -state DISABLED\n");
	scene_good(scene, "rm service s\n");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_server), SCENE_TEST(test_in_use),
						   SCENE_TEST(test_implicit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
