/* SPDX-License-Identifier: Apache-2.0
 * The whole reference is in the binary; a command is found by its verb and object however they are
 * typed, and its arguments are told as they stand there.
 */
#include "config/reference.h"

#include "scene.h"

#include "config/usage.h"

static const char *found(const char *verb, const char *line, struct text *text)
{
	struct arena *arena = arena_new();
	struct lex_fault fault;
	struct words words;
	unsigned used = 0;
	struct text others = TEXT_EMPTY;
	const struct reference *reference;

	text_cut(text, 0);
	assert_true(lex_line(str_of(line), arena, &words, &fault));
	reference = reference_find(str_of(verb), words.at, words.count, &used, &others);
	if (reference != NULL)
		text_print(text, "%.*s %u", STR_ARG(reference->object), used);
	else
		text_print(text, "? %.*s", STR_ARG(text_str(&others)));
	text_free(&others);
	arena_free(arena);
	return text->at;
}

static void test_find(void **state)
{
	static const char *const rows[][3] = {
		{ "add", "server web 10.0.0.1", "server 1" },
		{ "add", "SERVICEGROUP g HTTP", "serviceGroup 1" },
		{ "add", "lb vserver web HTTP", "lb vserver 2" },
		{ "add", "LB VSERVER web HTTP", "lb vserver 2" },
		{ "enable", "ns feature LB", "ns feature 2" },
		{ "enable", "feature LB", "ns feature 1" },
		{ "save", "config", "ns config 1" },
		{ "save", "ns config", "ns config 2" },
		{ "add", "ns netProfile x", "netProfile 2" },
		{ "show", "lb vs web", "lb vserver 2" },
		{ "show", "ru", "ns runningConfig 1" },
		{ "add", "servr x", "? server" },
		{ "add", "lb vservre x", "? lb vserver" },
		{ "add", "\"server\" x", "?" },
		{ "batch", "-fileName x", " 0" },
	};
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_memory_equal(found(rows[i][0], rows[i][1], &text), rows[i][2],
				    strlen(rows[i][2]));
	text_free(&text);
}

static void test_verbs(void **state)
{
	struct text others = TEXT_EMPTY;

	(void)state;
	assert_true(str_equal(reference_verb(STR("ADD"), &others), STR("add")));
	assert_true(str_equal(reference_verb(STR("sh"), &others), STR("show")));
	assert_true(str_equal(reference_verb(STR("unb"), &others), STR("unbind")));
	assert_true(str_is_empty(reference_verb(STR("un"), &others)));
	assert_non_null(strstr(others.at, "unset"));
	text_cut(&others, 0);
	assert_true(str_is_empty(reference_verb(STR("shwo"), &others)));
	assert_string_equal(others.at, "show");
	text_cut(&others, 0);
	assert_true(str_is_empty(reference_verb(STR("frobnicate"), &others)));
	assert_int_equal(others.length, 0);
	text_free(&others);
}

static void test_arguments(void **state)
{
	const struct reference *reference = reference_get(STR("add"), STR("LB VSERVER"));
	struct reference_argument argument;

	(void)state;
	assert_non_null(reference);
	assert_true(reference_argument(reference, STR("sothreshold"), &argument));
	assert_true(argument.has_least && argument.least == 1);
	assert_true(argument.has_most && argument.most == 4294967287);
	assert_true(reference_argument(reference, STR("lbMethod"), &argument));
	assert_true(reference_has_value(argument.values, STR("roundrobin")));
	assert_false(reference_has_value(argument.values, STR("round")));
	assert_true(str_equal(argument.standard, STR("LEASTCONNECTION")));
	assert_true(reference_argument(reference, STR("cltTimeout"), &argument));
	assert_false(argument.has_least);
	assert_false(reference_argument(reference, STR("backupVServer"), &argument));
}

/* All 2141 commands and what newer versions add; every synopsis can be understood, and every
 * argument that is told about is in it. */
static void test_whole(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_true(reference_count() > 2141);
	for (size_t i = 0; i < reference_count(); i++) {
		const struct reference *reference = reference_at(i);
		const struct usage *usage = usage_parse(reference->synopsis, arena);

		assert_true(usage->place_least <= usage->place_most);
		assert_true(usage->place_least <= USAGE_PLACES_MAX);
		for (unsigned j = 0; j < usage->option_count; j++) {
			assert_true(usage->options[j].name.length > 0);
			assert_true(usage->options[j].least <= usage->options[j].most);
		}
	}
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_find),
						   cmocka_unit_test(test_verbs),
						   cmocka_unit_test(test_arguments),
						   cmocka_unit_test(test_whole) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
