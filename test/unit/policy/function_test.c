/* SPDX-License-Identifier: Apache-2.0
 * Promised: the table is sound, and names are found in any case and suggested when they are near.
 */
#include "policy/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < function_count; i++) {
		const struct function *row = &functions[i];

		assert_true(strlen(row->help) > 3);
		assert_ptr_equal(function_find(row->receiver, str_of(row->name)), row);
		/* A row that does nothing only leads on, or has the name of something. */
		assert_true(row->apply != NULL || !datum_has_value(row->result) ||
			    row->arguments[0] == row->result);
		if (row->sign != NULL) {
			assert_ptr_equal(function_sign(row->receiver, str_of(row->sign)), row);
			assert_int_equal(function_arguments(row), 1);
			assert_int_equal(row->arguments[0], row->receiver);
		}
	}
}

static void test_find(void **state)
{
	(void)state;
	assert_non_null(function_find(DATUM_NONE, STR("sys")));
	assert_non_null(function_find(DATUM_VSERVER, STR("Connections")));
	assert_null(function_find(DATUM_NONE, STR("CONNECTIONS")));
	assert_null(function_find(DATUM_VSERVER, STR("CONNECTION")));
	assert_null(function_sign(DATUM_ADDRESS, STR("<")));
	assert_int_equal(function_arguments(function_find(DATUM_NUMBER, STR("BETWEEN"))), 2);
	assert_int_equal(function_arguments(function_find(DATUM_TEXT, STR("LENGTH"))), 0);
}

static void check_suggest(enum datum_type receiver, const char *name, const char *wanted)
{
	struct text text = TEXT_EMPTY;

	function_suggest(receiver, str_of(name), &text);
	assert_string_equal(text.at, wanted);
	text_free(&text);
}

static void test_suggest(void **state)
{
	(void)state;
	check_suggest(DATUM_VSERVER, "CONNECTIONZ", "did you mean CONNECTIONS?");
	check_suggest(DATUM_VSERVER, "throughputs", "did you mean THROUGHPUT?");
	check_suggest(DATUM_CLIENT, "x", "one of IP");
	check_suggest(DATUM_NONE, "HTTP", "one of SYS, CLIENT");
	check_suggest(DATUM_SUBNET, "x", "nothing can follow a subnet");
}

static void check_print(enum datum_type receiver, const char *name, const char *wanted)
{
	struct text text = TEXT_EMPTY;

	function_print(function_find(receiver, str_of(name)), &text);
	assert_string_equal(text.at, wanted);
	text_free(&text);
}

static void test_print(void **state)
{
	(void)state;
	check_print(DATUM_VSERVER, "HEALTH", "SYS.VSERVER(\"name\").HEALTH");
	check_print(DATUM_NUMBER, "BETWEEN", "NUMBER.BETWEEN(number, number)");
	check_print(DATUM_ADDRESS, "IN_SUBNET", "ADDRESS.IN_SUBNET(subnet)");
	check_print(DATUM_SYS, "VSERVER", "SYS.VSERVER(\"name\")");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
