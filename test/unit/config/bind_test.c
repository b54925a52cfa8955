/* SPDX-License-Identifier: Apache-2.0
 * bind and unbind: services and groups to virtual servers, monitors to services, policies kept;
 * each binding keeps its uid while it stands.
 */
#include "config/bind.h"

#include "scene.h"

static const char base[] = "add service s 10.0.0.1 HTTP 80 -maxClient 5\n"
			   "add service t 10.0.0.1 TCP 81\n"
			   "add serviceGroup g HTTP\n"
			   "add lb vserver v HTTP 10.1.0.1 80\n"
			   "add lb monitor m HTTP\n";

static void test_services(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "bind lb vserver v s -weight 3\nbind lb vserver v g\n");
	scene_has(scene, "\nbind lb vserver v s -weight 3\nbind lb vserver v g\n");
	scene_bad(scene, "bind lb vserver v s", "s is bound to v already");
	scene_bad(scene, "bind lb vserver v t", "t is TCP, lb vserver v is HTTP");
	scene_bad(scene, "bind lb vserver v nobody", "No such resource: service nobody");
	scene_bad(scene, "bind lb vserver nobody s", "No such resource: lb vserver nobody");
	scene_bad(scene, "bind lb vserver v", "what is to be bound is missing");
	scene_bad(scene, "unbind lb vserver v t", "t is not bound to v");
	scene_good(scene, "set lb vserver v -weight 9 s\n");
	scene_has(scene, "\nbind lb vserver v s -weight 9\n");
	scene_bad(scene, "set lb vserver v -weight 101 s", "1 to 100");
	scene_bad(scene, "set lb vserver v -weight 9 t", "not bound");
	scene_good(scene, "unbind lb vserver v s\nrm serviceGroup g\n");
	scene_has_not(scene, "bind lb vserver");
}

static void test_uids(void **state)
{
	struct scene *scene = *state;
	const struct object *vserver;
	uint64_t uid;

	scene_good(scene, base);
	scene_good(scene, "bind lb vserver v g\nbind lb vserver v s\n");
	vserver = config_find(scene->config, KIND_VSERVER, STR("v"));
	uid = vserver->bindings[1].uid;
	scene_good(scene, "unbind lb vserver v g\nset lb vserver v -weight 4 s\n");
	assert_int_equal(vserver->bindings[0].uid, uid);
	scene_good(scene, "unbind lb vserver v s\nbind lb vserver v s\n");
	assert_true(vserver->bindings[0].uid > uid);
}

static void test_monitors(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene,
		   "bind service s -monitorName m -weight 5\nbind service s -monitorName tcp\n"
		   "bind serviceGroup g -monitorName m -monState DISABLED\n");
	scene_has(scene, "\nbind service s -monitorName m -weight 5\n"
			 "bind service s -monitorName tcp\n");
	scene_has(scene, "\nbind serviceGroup g -monitorName m -monState DISABLED\n");
	scene_bad(scene, "bind service s -monitorName m", "m is bound to s already");
	scene_bad(scene, "bind service s -monitorName nobody", "No such resource: lb monitor");
	scene_bad(scene, "bind lb monitor m", "bind service SERVICE -monitorName");
	scene_good(scene, "disable lb monitor s m\nenable lb monitor g\n"
			  "set service s -weight 7 tcp\n"
			  "set serviceGroup g -monitorName m -weight 2\n");
	scene_has(scene, "\nbind service s -monitorName m -monState DISABLED -weight 5\n"
			 "bind service s -monitorName tcp -weight 7\n");
	scene_has(scene, "\nbind serviceGroup g -monitorName m -weight 2\n");
	scene_bad(scene, "disable lb monitor s http", "http is not bound to s");
	scene_good(scene, "unbind service s -monitorName m\nunbind serviceGroup g -monitorName m\n"
			  "rm lb monitor m HTTP\n");
	scene_has_not(scene, "monitorName m");
}

static void test_policies(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_warns(scene, "bind lb vserver v -policyName p -priority 10 -type REQUEST",
		    "policies are kept but not yet supported");
	scene_good(scene, "bind lb vserver v -policyName p -priority 20 -type RESPONSE\n");
	scene_has(scene, "\nbind lb vserver v -policyName p -priority 10 -type REQUEST\n"
			 "bind lb vserver v -policyName p -priority 20 -type RESPONSE\n");
	scene_bad(scene, "bind lb vserver v -policyName p -priority 10 -type REQUEST",
		  "already exists: policy p");
	scene_good(scene, "unbind lb vserver v -policyName p -type REQUEST\n");
	scene_has_not(scene, "REQUEST");
	scene_has(scene, "RESPONSE");
	scene_good(scene, "unbind lb vserver v -policyName p\n");
	scene_has_not(scene, "policyName");
	scene_bad(scene, "unbind lb vserver v -policyName p", "p is not bound to v");
}

static void test_ceiling(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "set lb vserver v -soMethod DYNAMICCONNECTION\n");
	report_free(&scene->report);
	scene_good(scene, "bind lb vserver v s\n");
	assert_int_equal(scene->report.warnings, 0);
	scene_warns(scene, "bind lb vserver v g",
		    "g has no -maxClient, so lb vserver v has no limit");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_services), SCENE_TEST(test_uids),    SCENE_TEST(test_monitors),
		SCENE_TEST(test_policies), SCENE_TEST(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
