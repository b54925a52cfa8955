/* SPDX-License-Identifier: Apache-2.0
 * Promised: what is wrong with an expression is said in words, at its column; every bound holds.
 */
#include "policy/compile.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena *arena;

static void check_bad(const char *text, unsigned column, const char *why)
{
	struct compile_fault fault = { 0 };

	assert_null(compile_rule(str_of(text), arena, &fault));
	if (fault.column != column || strstr(fault.why, why) == NULL)
		fail_msg("%s: column %u: %s", text, fault.column, fault.why);
}

static const struct rule *good(const char *text)
{
	struct compile_fault fault = { 0 };
	const struct rule *rule = compile_rule(str_of(text), arena, &fault);

	if (rule == NULL)
		fail_msg("%s: column %u: %s", text, fault.column, fault.why);
	return rule;
}

static void test_names(void **state)
{
	(void)state;
	check_bad("SYS.VSERVER(\"web\").CONNECTIONZ.GT(5)", 20,
		  "SYS.VSERVER(\"web\").CONNECTIONZ: unknown; did you mean CONNECTIONS?");
	check_bad("TRUE && SYSTEM.X", 9, "SYSTEM: unknown; one of SYS, CLIENT");
	check_bad("CLIENT.IP.SRC.GT(1)", 15, "CLIENT.IP.SRC.GT: unknown; one of EQ, NE, IN_SUBNET");
	check_bad("SYS.VSERVER(\"a\").STATE.EQ(UPP)", 27, "UPP: unknown");
	check_bad("SYS", 1, "SYS alone is no value: .NAME must follow, one of VSERVER");
	check_bad("CLIENT.IP", 1, "one of SRC");
	check_bad("SYS.VSERVER(\"a\")", 1, "must be true or false, this is a virtual server");
	check_bad("SYS.", 5, "a name is missing at the end");
	check_bad("SYS.5", 5, "a name is expected here, not 5");
}

static void test_types(void **state)
{
	(void)state;
	check_bad("SYS.VSERVER(\"a\").CONNECTIONS", 1,
		  "must be true or false, this is a number: compare it, as in .GT(500)");
	check_bad("SYS.VSERVER(\"a\").CONNECTIONS.GT(\"5\")", 33,
		  "GT takes a number, this is a text");
	check_bad("SYS.VSERVER(\"a\").CONNECTIONS && TRUE", 30,
		  "&& takes true or false, this is a number");
	check_bad("TRUE || 5", 9, "|| takes true or false, this is a number");
	check_bad("!5", 1, "! takes true or false, this is a number");
	check_bad("-\"a\" == 5", 1, "- takes a number, this is a text");
	check_bad("5 == \"a\"", 6, "== takes a number, this is a text");
	check_bad("TRUE < FALSE", 6, "< cannot be used on true or false");
	check_bad("\"a\" + \"b\" == \"ab\"", 5, "+ cannot be used on a text");
	check_bad("SYS.VSERVER(\"a\").STATE.EQ(1)", 27,
		  "EQ takes a state, this is a number: UP, DOWN or OUT_OF_SERVICE");
	check_bad("SYS.VSERVER(a).STATE.EQ(UP)", 13, "a name in double quotes is expected here");
	check_bad("SYS.VSERVER(\"\").STATE.EQ(UP)", 13, "the name is empty");
	check_bad("CLIENT.IP.SRC.EQ(10.0.0)", 18, "10.0.0 is no address");
	check_bad("CLIENT.IP.SRC.IN_SUBNET(10.0.0.0/33)", 25, "10.0.0.0/33 is no subnet");
	check_bad("CLIENT.IP.SRC.IN_SUBNET(CLIENT.IP.SRC)", 25,
		  "IN_SUBNET takes a subnet, this is an address");
}

static void test_form(void **state)
{
	(void)state;
	check_bad("", 1, "empty");
	check_bad("  ", 1, "empty");
	check_bad("(TRUE", 6, ") is missing at the end");
	check_bad("TRUE)", 5, "&&, || or the end is expected here, not )");
	check_bad("TRUE FALSE", 6, "&&, || or the end is expected here, not FALSE");
	check_bad("5 GT 3", 3, "is expected here, not GT");
	check_bad("5.GT", 5, "GT takes a value: GT(...)");
	check_bad("5.GT()", 6, "a value is expected here, not )");
	check_bad("5.GT(1, 2)", 7, "too many values for GT");
	check_bad("5.BETWEEN(1)", 12, "BETWEEN takes 2 values");
	check_bad("5.NEG(1) == 5", 7, ") is expected here, not 1");
	check_bad("TRUE &&", 8, "a value is missing at the end");
	check_bad("TRUE & TRUE", 6, "and is &&");
	check_bad("5 = 5", 3, "==");
	check_bad("\"a", 1, "no closing quote");
	check_bad("\"\\q\" == \"a\"", 1, "backslash");
	check_bad("CLIENT.IP.SRC == 10.0.0.1.EQ(10.0.0.1)", 18, "is no address");
}

static void test_names_of_vservers(void **state)
{
	const struct rule *rule = good(
		"SYS.VSERVER(\"a\").HEALTH > 5 && SYS.VSERVER(\"b c\").HEALTH < 5 "
		"|| sys.vserver(\"a\").state == down");

	(void)state;
	assert_int_equal(rule->name_count, 2);
	assert_true(str_equal(rule_name(rule, 0), STR("a")));
	assert_true(str_equal(rule_name(rule, 1), STR("b c")));
}

/* The first many times, then the middle, then the last as often. */
static char *nested(const char *open, const char *middle, const char *close, unsigned count)
{
	struct text text = TEXT_EMPTY;

	for (unsigned i = 0; i < count; i++)
		text_add(&text, str_of(open));
	text_add(&text, str_of(middle));
	for (unsigned i = 0; i < count; i++)
		text_add(&text, str_of(close));
	return text.at;
}

static void check_nested(const char *open, const char *middle, const char *close, unsigned most,
			 const char *why)
{
	char *text = nested(open, middle, close, most);
	struct compile_fault fault;

	good(text);
	free(text);
	text = nested(open, middle, close, most + 1);
	assert_null(compile_rule(str_of(text), arena, &fault));
	assert_non_null(strstr(fault.why, why));
	free(text);
}

static void test_bounds(void **state)
{
	(void)state;
	check_nested("(", "TRUE", ")", COMPILE_DEPTH_MAX, "too deep");
	check_nested("!", "TRUE", "", COMPILE_DEPTH_MAX, "too deep");
	check_nested("TRUE && ", "TRUE", "", RULE_STEPS_MAX / 2 - 1, "too long");
	check_nested("1 + ", "1 == 1", "", RULE_CONSTANTS_MAX - 2, "too long");
}

static void test_length(void **state)
{
	char *text = nested("", "TRUE", " ", COMPILE_LENGTH_MAX - 4);
	struct compile_fault fault;

	(void)state;
	assert_int_equal(strlen(text), COMPILE_LENGTH_MAX);
	good(text);
	free(text);
	text = nested("", "TRUE", " ", COMPILE_LENGTH_MAX - 3);
	assert_null(compile_rule(str_of(text), arena, &fault));
	assert_non_null(strstr(fault.why, "longer than"));
	free(text);
}

static void test_many_names(void **state)
{
	struct text text = TEXT_EMPTY;
	struct compile_fault fault;

	(void)state;
	for (unsigned i = 0; i < RULE_NAMES_MAX; i++)
		text_print(&text, "%sSYS.VSERVER(\"v%u\").HEALTH > 1", i > 0 ? " && " : "", i);
	assert_int_equal(good(text.at)->name_count, RULE_NAMES_MAX);
	text_add(&text, STR(" && SYS.VSERVER(\"more\").HEALTH > 1"));
	assert_null(compile_rule(text_str(&text), arena, &fault));
	assert_non_null(strstr(fault.why, "more than"));
	text_free(&text);
}

static void test_stack(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	/* Right sides in parentheses: every left side waits. */
	for (unsigned i = 0; i < COMPILE_DEPTH_MAX - 1; i++)
		text_add(&text, STR("1 + ("));
	text_add(&text, STR("1"));
	for (unsigned i = 0; i < COMPILE_DEPTH_MAX - 1; i++)
		text_add(&text, STR(")"));
	text_add(&text, STR(" == 32"));
	good(text.at);
	check_bad("1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + "
		  "(1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + "
		  "1",
		  161, "too deep");
	text_free(&text);
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_types),
		cmocka_unit_test(test_form),   cmocka_unit_test(test_names_of_vservers),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_length),
		cmocka_unit_test(test_stack),  cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
