/* SPDX-License-Identifier: Apache-2.0
 * What an agent says, and what a service may hold by it.
 */
#include "monitor/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct capacity parsed(const char *text)
{
	struct capacity capacity;

	assert_true(capacity_parse(str_of(text), &capacity));
	return capacity;
}

static void expect(const char *text, uint32_t configured, int64_t limit, const char *printed)
{
	struct capacity capacity = parsed(text);
	char shown[CAPACITY_TEXT_MAX];

	assert_int_equal(capacity_limit(&capacity, configured), limit);
	assert_string_equal(capacity_print(&capacity, shown), printed);
}

static void test_words(void **state)
{
	(void)state;
	expect("up", 30, 30, "up");
	expect("READY\r", 0, -1, "up");
	expect("maxconn:30", 100, 30, "maxconn:30");
	expect("maxconn:30", 20, 20, "maxconn:30");
	expect("maxconn:30", 0, 30, "maxconn:30");
	expect("17", 0, 17, "maxconn:17");
	expect("50%", 30, 15, "50%");
	expect("1%", 30, 1, "1%");
	expect("150%", 30, 30, "150%");
	expect("50%", 0, -1, "50%");
	expect("0%", 30, 0, "0%");
	expect("up, 50% maxconn:12 # all is well", 30, 12, "up 50% maxconn:12");
	expect("drain", 30, 0, "drain");
	expect("maint", 30, 0, "maint");
	expect("down", 0, 0, "down");
}

static void test_nothing(void **state)
{
	static const char *const rows[] = {
		"",         " \t,",       "# up",        "hello", "%",
		"maxconn:", "maxconn:-1", "99999999999", "-5",    "5.5"
	};
	struct capacity capacity;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(capacity_parse(str_of(rows[i]), &capacity));
	assert_int_equal(capacity_limit(&capacity, 7), 7);
}

static void test_strictly(void **state)
{
	static const char *const rows[] = { "30", "42 items", "disk at 40%", "up and well", "" };
	struct capacity capacity;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(capacity_parse_strictly(str_of(rows[i]), &capacity));
		assert_int_equal(capacity_limit(&capacity, 7), 7);
	}
	assert_true(capacity_parse_strictly(STR("drain # 40 items"), &capacity));
	assert_int_equal(capacity_limit(&capacity, 7), 0);
	assert_true(capacity_parse_strictly(STR("50%, maxconn:3"), &capacity));
	assert_int_equal(capacity_limit(&capacity, 7), 3);
}

static void test_equal(void **state)
{
	struct capacity a = parsed("up 50%"), b = parsed("50%"), c = parsed("50% up");

	(void)state;
	assert_false(capacity_equal(&a, &b));
	assert_true(capacity_equal(&a, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_strictly),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
