/* SPDX-License-Identifier: Apache-2.0
 * A synopsis tells how many arguments go by place, which by name, and how many words each takes.
 */
#include "config/usage.h"

#include "scene.h"

static void print_most(struct text *text, unsigned most)
{
	if (most == USAGE_MANY)
		text_add(text, STR("*"));
	else
		text_print(text, "%u", most);
}

static const char *understood(const char *synopsis, struct text *text)
{
	struct arena *arena = arena_new();
	const struct usage *usage = usage_parse(str_of(synopsis), arena);

	text_cut(text, 0);
	text_print(text, "%u..", usage->place_least);
	print_most(text, usage->place_most);
	for (unsigned i = 0; i < usage->option_count; i++) {
		const struct usage_option *option = &usage->options[i];

		text_print(text, " %s%.*s:%u..", option->is_needed ? "!" : "",
			   STR_ARG(option->name), option->least);
		print_most(text, option->most);
	}
	arena_free(arena);
	return text->at;
}

static void test_synopses(void **state)
{
	static const char *const rows[][2] = {
		{ "", "0..0" },
		{ "<name>@ ...", "1..*" },
		{ "<name> [<port>]", "1..2" },
		{ "(<IP>@ | <serverName>@) <type> <port>", "3..3" },
		{ "(<IP> <port>) | <name>", "1..2" },
		{ "<n> ((<a> [-w <x>] ) | <b> | (-p <s>@))", "1..2 w:1..1 p:1..1" },
		{ "<n> [-state ( ENABLED | DISABLED )]", "1..1 state:1..1" },
		{ "[-cip ( ENABLED | DISABLED ) [<cipHeader>]]", "0..0 cip:1..2" },
		{ "[-cip ( ENABLED | DISABLED ) <cipHeader>]", "0..0 cip:1..2" },
		{ "[-respCode <int[-int]> ...]", "0..0 respCode:1..*" },
		{ "[-interval <integer> [<units>]]", "0..0 interval:1..2" },
		{ "[-invoke (<labelType> <labelName>) ]", "0..0 invoke:2..2" },
		{ "<n> {-password } [-x]", "1..1 password:0..1 x:0..0" },
		{ "<name> -action SPILLOVER", "1..1 !action:1..1" },
		{ "( basic | full ) <x>", "2..2" },
		{ "[-force] <level>", "1..1 force:0..0" },
		{ "<a> [", "1..1" },
		{ "<a> ] <b>", "2..2" },
		{ "| |", "0..0" },
		{ "-", "0..0 !:0..0" },
	};
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(understood(rows[i][0], &text), rows[i][1]);
	text_free(&text);
}

static void test_places(void **state)
{
	struct arena *arena = arena_new();
	struct usage *usage = usage_parse(
		STR("<name>@ (<IP>@ | <serverName>@) <positive_integer> [( a | b )]"), arena);

	(void)state;
	assert_true(str_equal(usage->places[0].name, STR("name")));
	assert_true(usage->places[0].takes_range);
	assert_true(usage->places[1].is_uncertain && usage->places[1].takes_range);
	assert_true(usage->places[2].is_number && !usage->places[2].takes_range);
	assert_true(str_equal(usage->places[3].values, STR("a | b")));
	assert_true(usage_place_is_unknown(&usage->places[4]));
	usage_add(usage, STR("[-gslb <string>]"), arena);
	assert_non_null(usage_option(usage, STR("GSLB")));
	assert_null(usage_option(usage, STR("gsl")));
	assert_int_equal(usage->place_least, 3);
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_synopses),
						   cmocka_unit_test(test_places) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
