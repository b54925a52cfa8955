/* SPDX-License-Identifier: Apache-2.0
 * Promised: every part of an expression is found with its place, and what is none says why.
 */
#include "policy/lexeme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void check(const char *text, size_t at, enum lexeme_kind kind, const char *wanted)
{
	struct lexeme one = lexeme_next(str_of(text), at);

	assert_int_equal(one.kind, kind);
	if (kind == LEXEME_BAD)
		assert_non_null(strstr(one.why, wanted));
	else
		assert_true(str_equal(one.text, str_of(wanted)));
}

static void test_parts(void **state)
{
	(void)state;
	check("  SYS.", 0, LEXEME_NAME, "SYS");
	check("  SYS.", 5, LEXEME_SIGN, ".");
	check("\t\n", 0, LEXEME_END, "");
	check("IN_SUBNET(", 0, LEXEME_NAME, "IN_SUBNET");
	check("500)", 0, LEXEME_NUMBER, "500");
	check("5.GT", 0, LEXEME_NUMBER, "5");
	check("\"a \\\" b\" c", 0, LEXEME_TEXT, "\"a \\\" b\"");
	check(">=1", 0, LEXEME_SIGN, ">=");
	check(">1", 0, LEXEME_SIGN, ">");
	check("!(", 0, LEXEME_SIGN, "!");
	check("!=", 0, LEXEME_SIGN, "!=");
	check("&&", 0, LEXEME_SIGN, "&&");
}

static void test_bad(void **state)
{
	(void)state;
	check("\"abc", 0, LEXEME_BAD, "closing quote");
	check("\"abc\\\"", 0, LEXEME_BAD, "closing quote");
	check("\"\\q\"", 0, LEXEME_BAD, "backslash");
	check("\"\\x4\"", 0, LEXEME_BAD, "backslash");
	check("9223372036854775808", 0, LEXEME_BAD, "above");
	check("5x", 0, LEXEME_BAD, "letters");
	check("=1", 0, LEXEME_BAD, "==");
	check("& 1", 0, LEXEME_BAD, "&&");
	check("'a'", 0, LEXEME_BAD, "double quotes");
	check("$", 0, LEXEME_BAD, "nothing");
	check("\x01", 0, LEXEME_BAD, "nothing");
}

static void test_zero_byte(void **state)
{
	struct lexeme one = lexeme_next((struct str){ "\0a", 2 }, 0);

	(void)state;
	assert_int_equal(one.kind, LEXEME_BAD);
	one = lexeme_next((struct str){ "\"\\\0\"", 4 }, 0);
	assert_int_equal(one.kind, LEXEME_BAD);
}

static void test_address(void **state)
{
	(void)state;
	assert_true(str_equal(lexeme_address(STR("(10.0.0.0/8)"), 1), STR("10.0.0.0/8")));
	assert_true(str_equal(lexeme_address(STR("fe80::1)"), 0), STR("fe80::1")));
	assert_true(str_equal(lexeme_address(STR(")"), 0), STR("")));
	assert_true(str_equal(lexeme_address(STR("1.2.3.4"), 0), STR("1.2.3.4")));
}

static void test_unescape(void **state)
{
	char out[64];
	size_t length = lexeme_unescape(STR("\"a\\\"\\\\\\n\\t\\r\\'\\x41\\x00z\""), out);

	(void)state;
	assert_int_equal(length, 10);
	assert_memory_equal(out, "a\"\\\n\t\r'A\0z", 10);
	assert_int_equal(lexeme_unescape(STR("\"\""), out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),     cmocka_unit_test(test_bad),
		cmocka_unit_test(test_zero_byte), cmocka_unit_test(test_address),
		cmocka_unit_test(test_unescape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
