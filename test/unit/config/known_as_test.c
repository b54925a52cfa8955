/* SPDX-License-Identifier: Apache-2.0
 * Over renames persistence knows virtual servers, services and groups by the name that they had; no
 * two of a kind by the same.
 */
#include "config/known_as.h"

#include "scene.h"

static void is_known(struct scene *scene, enum kind_id kind, const char *name, const char *as)
{
	const struct object *object = config_find(scene->config, kind, str_of(name));

	assert_non_null(object);
	assert_true(str_equal(known_as(object), str_of(as)));
}

static void a_rename_keeps_it(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb vserver a HTTP 10.0.0.9 80\nadd service s 10.0.0.1 HTTP 80\n"
			  "add serviceGroup g HTTP\n");
	scene_has_not(scene, "knownAs");
	scene_good(scene, "rename lb vserver a b\nrename service s t\nrename serviceGroup g h\n");
	is_known(scene, KIND_VSERVER, "b", "a");
	is_known(scene, KIND_SERVICE, "t", "s");
	is_known(scene, KIND_GROUP, "h", "g");
	scene_has(scene, "add lb vserver b HTTP 10.0.0.9 80 -knownAs a\n");
	scene_good(scene, "rename lb vserver b c\n");
	is_known(scene, KIND_VSERVER, "c", "a");
	scene_good(scene, "rename lb vserver c a\n");
	is_known(scene, KIND_VSERVER, "a", "a");
	scene_has_not(scene, "vserver a HTTP 10.0.0.9 80 -knownAs");
	scene_good(scene, "add server x 10.0.0.3\nrename server x y\n");
	is_known(scene, KIND_SERVER, "y", "x");
	/* One that an address stands for. */
	scene_good(scene, "rename server 10.0.0.1 z\nadd service u 10.0.0.1 HTTP 82\n");
	is_known(scene, KIND_SERVER, "z", "10.0.0.1");
	is_known(scene, KIND_SERVER, "10.0.0.1", "10.0.0.1~2");
}

static void no_two_are_known_by_one(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb vserver a HTTP 10.0.0.9 80\nrename lb vserver a b\n"
			  "add lb vserver a HTTP 10.0.0.9 81\nadd service a 10.0.0.1 HTTP 80\n");
	is_known(scene, KIND_VSERVER, "a", "a~2");
	is_known(scene, KIND_SERVICE, "a", "a");
	scene_bad(scene, "add lb vserver c HTTP 10.0.0.9 82 -knownAs a",
		  "lb vserver b is known as a already");
	scene_bad(scene, "set lb vserver a -knownAs a", "lb vserver b is known as a already");
	scene_good(scene, "unset lb vserver a -knownAs\n");
	is_known(scene, KIND_VSERVER, "a", "a~2");
	scene_good(scene, "set lb vserver a -knownAs z\nunset lb vserver b -knownAs\n"
			  "unset lb vserver a -knownAs\n");
	is_known(scene, KIND_VSERVER, "a", "a");
	is_known(scene, KIND_VSERVER, "b", "b");
	/* Two that have changed their names, as they are read again. */
	scene_good(scene, "clear config -force full\nadd lb vserver a HTTP 10.0.0.9 80 -knownAs b\n"
			  "add lb vserver b HTTP 10.0.0.9 81 -knownAs a\n");
	is_known(scene, KIND_VSERVER, "a", "b");
	is_known(scene, KIND_VSERVER, "b", "a");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(a_rename_keeps_it),
						   SCENE_TEST(no_two_are_known_by_one) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
