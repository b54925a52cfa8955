/* SPDX-License-Identifier: Apache-2.0
 * Texts compare, trim and become numbers as the header says; the distance is that of a typist.
 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_equal(void **state)
{
	(void)state;
	assert_true(str_equal(STR("abc"), STR("abc")));
	assert_false(str_equal(STR("abc"), STR("abd")));
	assert_false(str_equal(STR("abc"), STR("ab")));
	assert_true(str_equal((struct str){ NULL, 0 }, STR("")));
	assert_true(str_equal_nocase(STR("aBc-\xc0"), STR("AbC-\xc0")));
	assert_false(str_equal_nocase(STR("\xc0"), STR("\xe0"))); /* no letter of ASCII */
	assert_false(str_equal_nocase(STR("@"), STR("`")));
	assert_true(str_is_empty(str_of(NULL)));
}

static void test_starts(void **state)
{
	(void)state;
	assert_true(str_starts(STR("vserver"), STR("vs")));
	assert_false(str_starts(STR("vs"), STR("vserver")));
	assert_false(str_starts(STR("Vserver"), STR("vs")));
	assert_true(str_starts_nocase(STR("Vserver"), STR("vS")));
	assert_true(str_starts(STR("x"), STR("")));
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(str_equal(str_trim(STR(" \t a b\t ")), STR("a b")));
	assert_true(str_is_empty(str_trim(STR(" \t"))));
	assert_true(str_is_empty(str_trim(STR(""))));
	assert_true(str_equal(str_trim(STR("\na")), STR("\na")));
}

static void test_number(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "1x", " 1", "0x1", "101", "1.0" };
	uint64_t number = 7;

	(void)state;
	assert_true(str_to_number(STR("100"), 100, &number));
	assert_int_equal(number, 100);
	assert_true(str_to_number(STR("000"), 100, &number));
	assert_int_equal(number, 0);
	number = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_to_number(str_of(bad[i]), 100, &number));
	assert_int_equal(number, 7);
	assert_true(str_to_number(STR("18446744073709551615"), UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_false(str_to_number(STR("18446744073709551616"), UINT64_MAX, &number));
	assert_false(str_to_number(STR("99999999999999999999999"), UINT64_MAX, &number));
	assert_false(str_to_number(STR("5"), 4, &number));
	assert_true(str_to_number(STR("0"), 0, &number));
}

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "vserver", "VSERVER", 0 },
		{ "vserver", "vsevrer", 1 }, /* two neighbours changed places */
		{ "vserver", "vsrver", 1 },
		{ "vserver", "vsserver", 1 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 }, /* restricted: nothing is changed twice */
	};
	char longer[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(str_distance(str_of(rows[i].a), str_of(rows[i].b), 64),
				 rows[i].distance);
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(str_distance((struct str){ longer, 300 }, (struct str){ longer, 200 }, 64),
			 0);
	assert_int_equal(str_distance((struct str){ longer, 300 }, STR(""), 99), 64);
	assert_int_equal(str_distance(STR("server"), STR("servers"), 2), 1);
	assert_true(str_distance(STR("server"), STR("servers"), 1) >= 1);
	assert_true(str_distance(STR("serv"), STR("servers"), 2) >= 2);
}

static void test_dup(void **state)
{
	char *copy = str_dup((struct str){ "abcdef", 3 });
	char *empty = str_dup((struct str){ NULL, 0 });

	(void)state;
	assert_string_equal(copy, "abc");
	assert_string_equal(empty, "");
	free(copy);
	free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),    cmocka_unit_test(test_starts),
		cmocka_unit_test(test_trim),     cmocka_unit_test(test_number),
		cmocka_unit_test(test_distance), cmocka_unit_test(test_dup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
