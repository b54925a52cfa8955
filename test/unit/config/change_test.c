/* SPDX-License-Identifier: Apache-2.0
 * The verbs on objects: what is applied is applied whole, uids stay over a rename and are never
 * used again, names need not be spelled by case of verb and option but of name.
 */
#include "config/change.h"

#include "scene.h"

static uint64_t uid_of(struct scene *scene, enum kind_id kind, const char *name)
{
	const struct object *object = config_find(scene->config, kind, str_of(name));

	return object != NULL ? object->uid : 0;
}

static void test_uids(void **state)
{
	struct scene *scene = *state;
	uint64_t first;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\n");
	first = uid_of(scene, KIND_SERVICE, "s");
	scene_good(scene, "rename service s t\n");
	assert_int_equal(uid_of(scene, KIND_SERVICE, "t"), first);
	scene_good(scene, "rm service t\nadd service t 10.0.0.1 HTTP 80\n");
	assert_true(uid_of(scene, KIND_SERVICE, "t") > first);
	first = uid_of(scene, KIND_SERVICE, "t");
	scene_good(scene, "clear config -force full\n");
	assert_int_equal(uid_of(scene, KIND_SERVICE, "t"), 0);
	scene_good(scene, "add service t 10.0.0.1 HTTP 80\n");
	assert_true(uid_of(scene, KIND_SERVICE, "t") > first);
}

static void test_case(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "Add Service S 10.0.0.1 http 80 -MAXCLIENT 5\n");
	scene_bad(scene, "set service s -maxClient 6", "did you mean S?");
	scene_good(scene, "add service s 10.0.0.1 HTTP 81\n");
	scene_has(scene, "\nadd service S 10.0.0.1 HTTP 80 -maxClient 5\n"
			 "add service s 10.0.0.1 HTTP 81\n");
}

static void test_states(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\nadd lb vserver v HTTP 10.0.0.9 80\n"
			  "disable service s\ndisable lb vserver v\n");
	scene_has(scene, "add service s 10.0.0.1 HTTP 80 -state DISABLED\n");
	scene_has(scene, "add lb vserver v HTTP 10.0.0.9 80 -state DISABLED\n");
	scene_good(scene, "enable service s\nenable lb vserver v\n");
	scene_has_not(scene, "DISABLED");
	scene_good(scene, "disable service s 30 -graceFul YES\n");
	scene_has(scene, "\nadd service s 10.0.0.1 HTTP 80 -state DISABLED\n");
	scene_bad(scene, "disable service s soon", "soon is no delay: 0 to 31536000 seconds");
	scene_bad(scene, "enable service nobody", "No such resource");
}

static void test_remove(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server [1-4] 10.0.0.[1-4]\nadd server x[1-3] 10.0.1.[1-3]\n"
			  "rm server 1 2\nrm server x[1-2]\n");
	scene_has(scene, "\nadd server 3 10.0.0.3\nadd server 4 "
			 "10.0.0.4\nadd server x3 10.0.1.3\n");
	scene_bad(scene, "rm server 3 nobody", "No such resource: server nobody");
	scene_bad(scene, "rm ns param", "unknown object type");
	scene_bad(scene, "add ns param", "unknown object type");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_uids), SCENE_TEST(test_case),
						   SCENE_TEST(test_states),
						   SCENE_TEST(test_remove) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
