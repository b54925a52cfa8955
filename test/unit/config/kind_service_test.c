/* SPDX-License-Identifier: Apache-2.0
 * A service takes what real configurations say, keeps to its ranges, and prints no default.
 */
#include "scene.h"

static void test_service(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80 -gslb NONE -maxClient 0 -maxReq 0 -cip "
			  "ENABLED X-Client -usip NO -useproxyport YES -sp OFF -cltTimeout 180 "
			  "-svrTimeout 360 -CKA NO -TCPB NO -CMP NO -devno 1\n");
	scene_has(scene, "\nadd service s 10.0.0.1 HTTP 80 -cip ENABLED X-Client -gslb NONE\n");
	scene_good(scene, "set service s -maxClient 4294967294 -cltTimeout 9\n"
			  "unset service s -cip -cipHeader\n");
	scene_has(scene, "\nadd service s 10.0.0.1 HTTP 80 -maxClient 4294967294 -cltTimeout 9 "
			 "-gslb NONE\n");
	scene_good(scene, "set service s -IPAddress 10.0.0.2 -comment moved\n");
	scene_has(scene, "\nadd service s 10.0.0.2 HTTP 80 ");
	assert_int_equal(config_count(scene->config, KIND_SERVER), 1);
}

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\n");
	scene_bad(scene, "add service s 10.0.0.1 HTTP 81", "Resource already exists: service s");
	scene_bad(scene, "add service t 10.0.0.1 HTTPP 81", "did you mean HTTP?");
	scene_bad(scene, "add service t 10.0.0.1 HTTP 70000", "0 to 65535");
	scene_bad(scene, "add service t nobody HTTP 80", "No such resource: server nobody");
	scene_bad(scene, "set service s -maxClient 4294967295", "0 to 4294967294");
	scene_bad(scene, "set service s -maxReq many", "0 to 65535");
	scene_bad(scene, "set service s", "nothing to set");
	scene_bad(scene, "unset service s", "nothing to unset");
	scene_bad(scene, "set service s -state DISABLED", "by add only: use enable or disable");
	scene_bad(scene, "rm service nobody", "No such resource: service nobody");
	scene_bad(scene, "rename service s \"\"", "1 to 127");
	/* One bad option of two: nothing of it holds. */
	scene_bad(scene, "set service s -maxClient 5 -maxReq 70000", "0 to 65535");
}

static void test_not_yet(void **state)
{
	struct scene *scene = *state;

	scene_warns(scene, "add service s 10.0.0.1 SSL 443", "SSL is kept but not yet supported");
	scene_warns(scene, "set service s -CMP YES", "-CMP YES is kept but not yet supported");
	scene_warns(scene, "set service s -hashId 5", "-hashId is kept but not yet supported");
	scene_has(scene, "\nadd service s 10.0.0.1 SSL 443 -CMP YES -hashId 5\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_service), SCENE_TEST(test_bad),
						   SCENE_TEST(test_not_yet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
