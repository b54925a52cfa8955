/* SPDX-License-Identifier: Apache-2.0
 * web[1-3] stands for three words; ranges of one command must be of one length.
 */
#include "config/expand.h"

#include "scene.h"

static void test_words(void **state)
{
	static const struct {
		const char *text;
		unsigned count;
		const char *last;
	} rows[] = {
		{ "web", 1, "web" },
		{ "", 1, "" },
		{ "web[1-3]", 3, "web3" },
		{ "10.0.0.[9-11]", 3, "10.0.0.11" },
		{ "a[01-10]b", 10, "a10b" },
		{ "a[5-5]", 1, "a5" },
		{ "a[1-1024]", 1024, "a1024" },
		{ "a[1-1025]", 0, NULL },
		{ "a[3-1]", 0, NULL },
		{ "a[x-y]", 1, "a[x-y]" },
		{ "a[1-", 1, "a[1-" },
		{ "a[1]", 1, "a[1]" },
		{ "a]1-2[", 1, "a]1-2[" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(expand_count(str_of(rows[i].text)), rows[i].count);
		if (rows[i].count > 0)
			assert_true(str_equal(
				expand_word(str_of(rows[i].text), rows[i].count - 1, arena),
				str_of(rows[i].last)));
	}
	assert_false(expand_is_range(STR("web")));
	assert_false(expand_is_range(STR("a [1-2]")));
	assert_true(expand_is_range(STR("a[3-1]")));
	arena_free(arena);
}

static void test_commands(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server web[1-3] 10.0.0.[11-13]\n"
			  "add service s[1-3] web[1-3] HTTP 80\n"
			  "add serviceGroup g HTTP\n"
			  "bind serviceGroup g web[1-3] 81\n"
			  "add lb vserver v[1-2] HTTP 10.1.0.[1-2] 80\n"
			  "bind lb vserver v1 s[1-3]\n"
			  "disable service s[2-3]\n");
	scene_has(scene, "add server web3 10.0.0.13\n");
	scene_has(scene, "bind serviceGroup g web3 81\n");
	scene_has(scene, "bind lb vserver v1 s3\n");
	scene_has(scene, "add service s3 web3 HTTP 80 -state DISABLED\n");
	scene_bad(scene, "add server x[1-2] 10.0.0.[1-3]", "stands for 3");
	scene_bad(scene, "add server x[3-1] 10.0.0.1", "is no range");
	scene_bad(scene, "add server y[1-2000] 10.0.0.1", "is no range");
	scene_good(scene, "add server \"x[1-2]\" 10.0.0.9");
	scene_has(scene, "add server \"x[1-2]\" 10.0.0.9\n");
}

/* One of many is refused: none is there. */
static void test_whole_or_not(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add server web3 10.0.0.9\n");
	scene_bad(scene, "add server web[1-4] 10.0.0.[1-4]", "already exists: server web3");
	scene_bad(scene, "rm server web[2-3]", "No such resource");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_words),
						   SCENE_TEST(test_commands),
						   SCENE_TEST(test_whole_or_not) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
