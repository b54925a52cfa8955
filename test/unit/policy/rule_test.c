/* SPDX-License-Identifier: Apache-2.0
 * Promised: every function does what its row says; signs bind as written in compile.h; what cannot
 * be answered is undefined, unless && or || decided before.
 */
#include "policy/rule.h"

#include "policy/compile.h"
#include "policy/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WEB = 1, SPARE = 2 };

static struct address client;
static bool is_covered[256]; /* by index of functions[] */
static unsigned asked;

static bool vserver(void *context, uint32_t id, enum situation_fact fact, int64_t *number)
{
	static const int64_t web[SITUATION_FACTS] = {
		[SITUATION_CONNECTIONS] = 500,    [SITUATION_THROUGHPUT] = 80,
		[SITUATION_RESPONSE_TIME] = 1500, [SITUATION_SURGE] = 3,
		[SITUATION_STATE] = DATUM_UP,     [SITUATION_HEALTH] = 66,
		[SITUATION_ACTIVE_SERVICES] = 2,
	};
	static const int64_t spare[SITUATION_FACTS] = { [SITUATION_STATE] = DATUM_OUT_OF_SERVICE };

	assert_ptr_equal(context, &asked);
	asked++;
	if (id == UINT32_MAX)
		return false;
	assert_true(id == WEB || id == SPARE);
	*number = id == WEB ? web[fact] : spare[fact];
	return true;
}

static void cover(const struct rule *rule)
{
	for (unsigned i = 0; i < rule->step_count; i++)
		if (rule->steps[i].op == RULE_CALL)
			is_covered[rule->steps[i].number] = true;
}

static enum rule_result run_for(const char *text, const struct address *who)
{
	struct situation situation = { vserver, &asked, who };
	struct arena *arena = arena_new();
	struct compile_fault fault;
	struct rule *rule = compile_rule(str_of(text), arena, &fault);
	enum rule_result result;
	struct rule *copy;

	if (rule == NULL)
		fail_msg("%s: column %u: %s", text, fault.column, fault.why);
	for (unsigned i = 0; i < rule->name_count; i++)
		if (str_equal(rule_name(rule, i), STR("web")))
			rule_set_vserver(rule, i, WEB);
		else if (str_equal(rule_name(rule, i), STR("spare \"1\"")))
			rule_set_vserver(rule, i, SPARE);
	copy = malloc(rule->bytes); /* a copy is as good, and outlives it */
	memcpy(copy, rule, rule->bytes);
	cover(copy);
	arena_free(arena);
	result = rule_run(copy, &situation);
	free(copy);
	return result;
}

static void check(const char *text, enum rule_result wanted)
{
	enum rule_result result = run_for(text, &client);

	if (result != wanted)
		fail_msg("%s: %d", text, result);
}

static void yes(const char *text)
{
	check(text, RULE_TRUE);
}

static void no(const char *text)
{
	check(text, RULE_FALSE);
}

static void undefined(const char *text)
{
	check(text, RULE_UNDEFINED);
}

#define WEB_ "SYS.VSERVER(\"web\")."

static void test_vservers(void **state)
{
	(void)state;
	yes(WEB_ "CONNECTIONS.EQ(500)"), no(WEB_ "CONNECTIONS.GT(500)");
	yes(WEB_ "THROUGHPUT.EQ(80)");
	yes(WEB_ "RESPTIME.EQ(1500)");
	yes(WEB_ "SURGECOUNT.EQ(3)");
	yes(WEB_ "HEALTH.EQ(66)");
	yes(WEB_ "ACTIVESERVICES.LE(2)"), no(WEB_ "ACTIVESERVICES.LE(1)");
	yes(WEB_ "STATE.EQ(UP)"), no(WEB_ "STATE.EQ(DOWN)"), yes(WEB_ "STATE.NE(DOWN)");
	yes(WEB_ "STATE == up"), yes(WEB_ "STATE != OUT_OF_SERVICE");
	yes("SYS.VSERVER(\"spare \\\"1\\\"\").STATE.EQ(OUT_OF_SERVICE)");
	yes("sys.vserver(\"web\").connections.gt(sys.vserver(\"spare \\\"1\\\"\").connections)");
	yes("SYS().VSERVER(\"web\").CONNECTIONS().GT(5)");
}

static void test_client(void **state)
{
	(void)state;
	yes("CLIENT.IP.SRC.EQ(10.1.2.3)"), no("CLIENT.IP.SRC.EQ(10.1.2.4)");
	yes("CLIENT.IP.SRC.NE(10.1.2.4)"), no("CLIENT.IP.SRC.NE(10.1.2.3)");
	yes("CLIENT.IP.SRC == 10.1.2.3"), yes("CLIENT.IP.SRC != ::1");
	yes("CLIENT.IP.SRC.IN_SUBNET(10.0.0.0/8)"), no("CLIENT.IP.SRC.IN_SUBNET(192.168.0.0/16)");
	no("CLIENT.IP.SRC.IN_SUBNET(::/0)");
	yes("!CLIENT.IP.SRC.IN_SUBNET(2001:db8::/32)");
	yes("CLIENT.IP.SRC.EQ(CLIENT.IP.SRC)");
	assert_int_equal(run_for("CLIENT.IP.SRC.EQ(10.1.2.3)", NULL), RULE_UNDEFINED);
}

static void test_numbers(void **state)
{
	(void)state;
	yes("5.EQ(5)"), no("5.EQ(6)"), yes("5.NE(6)"), no("5.NE(5)");
	yes("5.GT(4)"), no("5.GT(5)"), yes("5.GE(5)"), no("5.GE(6)");
	yes("5.LT(6)"), no("5.LT(5)"), yes("5.LE(5)"), no("5.LE(4)");
	yes("5.BETWEEN(5, 6)"), yes("6.BETWEEN(5, 6)"), no("4.BETWEEN(5, 6)"), no("7.BETWEEN(5,6)");
	yes("5 == 5 && 5 != 6 && 5 > 4 && 5 >= 5 && 5 < 6 && 5 <= 5");
	yes("5.ADD(3).EQ(8)"), yes("5.SUB(3).EQ(2)"), yes("5.MUL(3).EQ(15)"), yes("7.DIV(2).EQ(3)");
	yes("7.MOD(4).EQ(3)"), yes("5.NEG == -5"), yes("-(-5) == 5"), yes("-5.GT(-6)");
	yes("7 / 2 * 2 + 7 % 2 == 7");
}

static void test_others(void **state)
{
	(void)state;
	yes("TRUE"), no("FALSE"), yes("true.EQ(TRUE)"), no("TRUE == FALSE"), yes("TRUE != FALSE");
	yes("TRUE.NE(FALSE)"), yes("FALSE.NOT"), no("TRUE.NOT");
	yes("\"abc\".EQ(\"abc\")"), no("\"abc\".EQ(\"ABC\")"), yes("\"abc\".NE(\"ABC\")");
	yes("\"abc\" == \"abc\""), no("\"abc\" != \"abc\"");
	yes("\"abc\".CONTAINS(\"bc\")"), no("\"abc\".CONTAINS(\"bd\")"), yes("\"\".CONTAINS(\"\")");
	yes("\"abc\".STARTSWITH(\"ab\")"), no("\"abc\".STARTSWITH(\"bc\")");
	yes("\"abc\".ENDSWITH(\"bc\")"), no("\"abc\".ENDSWITH(\"aabc\")"),
		yes("\"a\".ENDSWITH(\"\")");
	yes("\"a\\x00b\".LENGTH.EQ(3)");
}

static void test_every_function(void **state)
{
	(void)state;
	for (unsigned i = 0; i < function_count; i++)
		if (functions[i].apply != NULL && !is_covered[i])
			fail_msg("%s of %s is not tried here", functions[i].name,
				 datum_type_name(functions[i].receiver));
}

static void test_precedence(void **state)
{
	(void)state;
	yes("TRUE || FALSE && FALSE"), no("(TRUE || FALSE) && FALSE");
	yes("FALSE && FALSE || TRUE"), no("FALSE && (FALSE || TRUE)");
	yes("1 + 2 * 3 == 7"), yes("(1 + 2) * 3 == 9"), yes("10 - 3 - 2 == 5"),
		yes("8 / 4 / 2 == 1");
	yes("1 + 1 > 1 == TRUE"), yes("!FALSE && TRUE"), no("!(FALSE || TRUE)"), yes("!!TRUE");
	yes("1 < 2 == 3 < 4"), yes("!TRUE == FALSE"), yes("-2 + 3 == 1"), yes("2 - -3 == 5");
	yes("!5.GT(6)"), yes("- 5 . NEG == 5");
	yes("TRUE && TRUE && TRUE || FALSE"), no("TRUE && TRUE && FALSE"),
		yes("FALSE || FALSE || TRUE");
}

static void test_undefined(void **state)
{
	(void)state;
	undefined("SYS.VSERVER(\"none\").CONNECTIONS.GT(5)");
	undefined("!SYS.VSERVER(\"none\").STATE.EQ(UP)");
	undefined("SYS.VSERVER(\"none\").HEALTH.GT(5) || TRUE");
	yes("TRUE || SYS.VSERVER(\"none\").HEALTH.GT(5)");
	no("FALSE && SYS.VSERVER(\"none\").HEALTH.GT(5)");
	undefined("TRUE && SYS.VSERVER(\"none\").HEALTH.GT(5)");
	undefined("1 / 0 == 1"), undefined("1 % 0 == 1");
	undefined("9223372036854775807 + 1 == 0"), undefined("-9223372036854775807 - 2 == 0");
	undefined("9223372036854775807 * 2 == 0");
	undefined("(-9223372036854775807 - 1) / -1 == 0"),
		undefined("-(-9223372036854775807 - 1) == 0");
	undefined("(-9223372036854775807 - 1) % -1 == 0");
}

/* What does not matter is not asked for: a virtual server's numbers are summed up then. */
static void test_asks_only_what_matters(void **state)
{
	(void)state;
	asked = 0;
	no("FALSE && " WEB_ "HEALTH.GT(5)"), yes("TRUE || " WEB_ "HEALTH.GT(5)");
	assert_int_equal(asked, 0);
	yes(WEB_ "HEALTH.GT(5) && " WEB_ "HEALTH.LT(100)");
	assert_int_equal(asked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vservers),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_every_function),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_asks_only_what_matters),
	};

	if (!address_parse(STR("10.1.2.3"), 1234, &client))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
