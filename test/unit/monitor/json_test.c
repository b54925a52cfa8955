/* SPDX-License-Identifier: Apache-2.0
 * A member is found by its path; what is broken is not.
 */
#include "monitor/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_find(void **state)
{
	static const struct str text = STR(" {\"a\":[1,{\"x\":\"]\"}], \"load\" : {\"s\\\"\":"
					   "null,\"free\":30, \"w\":\"50% up\"},\"b\":true}");
	struct str value;

	(void)state;
	assert_true(json_find(text, STR("load.free"), &value));
	assert_true(str_equal(value, STR("30")));
	assert_true(json_find(text, STR("load.w"), &value));
	assert_true(str_equal(value, STR("50% up")));
	assert_true(json_find(text, STR("b"), &value));
	assert_true(str_equal(value, STR("true")));
	assert_false(json_find(text, STR("free"), &value));
	assert_false(json_find(text, STR("b.c"), &value));
	assert_false(json_find(text, STR("load.free.x"), &value));
}

static void test_broken(void **state)
{
	static const struct str rows[] = {
		STR(""),
		STR("{"),
		STR("{\"a"),
		STR("{\"a\""),
		STR("{\"a\":"),
		STR("{\"b\":[[[["),
		STR("{\"b\":\"x\\"),
		STR("[\"a\",1]"),
		STR("{\"b\":1 \"a\":2}"),
	};
	struct str value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(json_find(rows[i], STR("a"), &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
