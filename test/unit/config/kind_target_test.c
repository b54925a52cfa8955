/* SPDX-License-Identifier: Apache-2.0
 * A service takes what real configurations say, keeps to its ranges, and prints no default. A
 * service group does so too, and has members by name and by address, each with weight and state of
 * its own.
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
	scene_bad(scene, "set service s -cip ENABLED \"\"", "header field");
	scene_bad(scene, "set service s -cip ENABLED \"X: y\\r\\nEvil\"", "header field");
	scene_bad(scene, "set service s -cip ENABLED Content-length", "header field");
	scene_good(scene,
		   "set service s -cip ENABLED X-Client_1\nunset service s -cip -cipHeader\n");
	/* One bad option of two: nothing of it holds. */
	scene_bad(scene, "set service s -maxClient 5 -maxReq 70000", "0 to 65535");
}

static void test_not_yet(void **state)
{
	struct scene *scene = *state;

	scene_warns(scene, "add service s 10.0.0.1 SSL 443", "SSL is kept but not yet supported");
	scene_warns(scene, "set service s -CMP YES", "-CMP YES is kept but not yet supported");
	scene_warns(scene, "set service s -tcpProfileName p",
		    "-tcpProfileName is kept but not yet supported");
	scene_has(scene, "\nadd service s 10.0.0.1 SSL 443 -CMP YES -tcpProfileName p\n");
}

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

static void test_group_bad(void **state)
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
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_service), SCENE_TEST(test_bad),       SCENE_TEST(test_not_yet),
		SCENE_TEST(test_group),   SCENE_TEST(test_group_bad), SCENE_TEST(test_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
