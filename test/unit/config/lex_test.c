/* SPDX-License-Identifier: Apache-2.0
 * A line becomes words with their columns; what is quoted arrives as meant, and what is printed is
 * read back as it was.
 */
#include "config/lex.h"

#include "scene.h"

static const char *read_all(const char *line, struct text *text)
{
	struct arena *arena = arena_new();
	struct lex_fault fault;
	struct words words;

	text_cut(text, 0);
	if (lex_line(str_of(line), arena, &words, &fault))
		for (unsigned i = 0; i < words.count; i++)
			text_print(text, "%u:<%.*s>%s", words.at[i].column,
				   STR_ARG(words.at[i].text), words.at[i].is_quoted ? "q" : "");
	else
		text_print(text, "%u!%s", fault.column, fault.why);
	arena_free(arena);
	text_print(text, "%s", "");
	return text->at != NULL ? text->at : "";
}

static const struct {
	const char *line, *words;
} rows[] = {
	{ "", "" },
	{ "   \t ", "" },
	{ "# comment", "" },
	{ "add server", "1:<add>5:<server>" },
	{ "\tadd  server \r", "2:<add>7:<server>" },
	{ "a # b", "1:<a>" },
	{ "a b#c", "1:<a>3:<b#c>" },
	{ "\"a b\" c", "1:<a b>q7:<c>" },
	{ "'a \"b\"'", "1:<a \"b\">q" },
	{ "\"a \\\"b\\\" \\\\\"", "1:<a \"b\" \\>q" },
	{ "\"\\t\\n\\r\\x41\\xfF\"", "1:<\t\n\rA\xff>q" },
	{ "\"\\d\\.\\?\"", "1:<\\d\\.\\?>q" },
	{ "q/a \"b' \\n/ x", "1:<a \"b' \\n>q13:<x>" },
	{ "q{a{b}c}", "1:<a{b}c>q" },
	{ "q~x y~", "1:<x y>q" },
	{ "q(a) q[b] q<c>", "1:<a>q6:<b>q11:<c>q" },
	{ "quick q q_1 q-1 q.1", "1:<quick>7:<q>9:<q_1>13:<q-1>17:<q.1>" },
	{ "\"\"", "1:<>q" },
	{ "don't", "1:<don't>" },
	{ "a\\tb", "1:<a\tb>" },
	{ "caf\xc3\xa9", "1:<caf\xc3\xa9>" },
	{ "x \"open", "3!the quote that starts here has no end" },
	{ "x 'open\\'", "3!the quote that starts here has no end" },
	{ "x q/open", "3!the q quote that starts here has no end" },
	{ "\"a\"b", "4!a blank must follow the end of a quote" },
	{ "\"\\x4\"", "2!\\x needs two hexadecimal digits" },
	{ "\"\\x00\"", "2!\\x00 cannot be part of a word" },
	{ "a \x01", "3!a control character: write it as \\xHH inside a word" },
};

static void test_words(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(read_all(rows[i].line, &text), rows[i].words);
	text_free(&text);
}

/* Every byte but NUL, at every place of a word of three, is read back. */
static void test_quote(void **state)
{
	struct arena *arena = arena_new();
	struct text text = TEXT_EMPTY;

	(void)state;
	for (unsigned i = 1; i < 256 * 3; i++) {
		char word[3] = { 'q', 'a', 'z' };
		struct lex_fault fault;
		struct words words;

		if (i % 256 == 0)
			continue;
		word[i / 256] = (char)(i % 256);
		text_cut(&text, 0);
		lex_quote(&text, (struct str){ word, 3 });
		assert_true(lex_line(text_str(&text), arena, &words, &fault));
		assert_int_equal(words.count, 1);
		assert_true(str_equal(words.at[0].text, (struct str){ word, 3 }));
	}
	text_free(&text);
	arena_free(arena);
}

/* Words that need no quotes get none; ranges and options do, because they would mean more. */
static void test_quote_only_when_needed(void **state)
{
	static const char *const pairs[][2] = { { "web1", "web1" },
						{ "", "\"\"" },
						{ "-x", "\"-x\"" },
						{ "a b", "\"a b\"" },
						{ "web[1-3]", "\"web[1-3]\"" },
						{ "q/x/", "\"q/x/\"" },
						{ "#1", "\"#1\"" },
						{ "a#1", "a#1" },
						{ "/a?b=c&d", "/a?b=c&d" } };
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		text_cut(&text, 0);
		lex_quote(&text, str_of(pairs[i][0]));
		assert_string_equal(text.at, pairs[i][1]);
	}
	text_free(&text);
}

/* A line that is too long, or of too many words, is a fault and no crash. */
static void test_bounds(void **state)
{
	struct text line = TEXT_EMPTY, text = TEXT_EMPTY;

	(void)state;
	for (unsigned i = 0; i < LEX_WORDS_MAX + 1; i++)
		text_add(&line, STR("a "));
	assert_non_null(strstr(read_all(line.at, &text), "too many words"));
	for (unsigned i = 0; i < LEX_LINE_MAX; i++)
		text_add(&line, STR("a"));
	assert_non_null(strstr(read_all(line.at, &text), "too long"));
	text_free(&line);
	text_free(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_only_when_needed),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
