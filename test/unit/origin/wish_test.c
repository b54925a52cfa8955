/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_options_are_the_default(void **state)
{
	const struct origin_options options = { .hold_ms = 7, .has_size = true, .size = 9 };
	struct wish wish = wish_read(STR("/a/b"), &options);

	(void)state;
	assert_int_equal(wish.page, WISH_NAME);
	assert_int_equal(wish.hold_ms, 7);
	assert_true(wish.has_size && wish.size == 9);
	assert_int_equal(wish.status, 200);
	assert_false(wish.is_chunked || wish.has_trailer || wish.closes);
	assert_int_equal(wish_read(STR("/stats"), &options).hold_ms, 0);
}

static void test_query_wins(void **state)
{
	const struct origin_options options = { .hold_ms = 7 };
	struct wish wish = wish_read(
		STR("/echo?hold=0&size=4294967296&status=503&chunked=1&close=1"), &options);

	(void)state;
	assert_int_equal(wish.page, WISH_ECHO);
	assert_int_equal(wish.hold_ms, 0);
	assert_true(wish.has_size && wish.size == 1ull << 32);
	assert_int_equal(wish.status, 503);
	assert_true(wish.is_chunked && wish.closes && !wish.has_trailer);
	wish = wish_read(STR("/?trailer=1"), &options);
	assert_true(wish.is_chunked && wish.has_trailer);
}

static void test_nonsense_has_no_effect(void **state)
{
	const struct origin_options options = { .hold_ms = 7 };
	struct wish wish = wish_read(
		STR("/?&&=&hold&hold=&hold=-1&hold=99999999999&status=99&status=1000"
		    "&status=100&size=x&sizes=5&hold=5x"),
		&options);

	(void)state;
	assert_int_equal(wish.hold_ms, 7);
	assert_int_equal(wish.status, 200);
	assert_false(wish.has_size);
	assert_int_equal(wish_read(STR("/statsx"), &options).page, WISH_NAME);
	assert_int_equal(wish_read(STR("*"), &options).page, WISH_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_are_the_default),
		cmocka_unit_test(test_query_wins),
		cmocka_unit_test(test_nonsense_has_no_effect),
	};

	return cmocka_run_group_tests_name("origin/wish", tests, NULL, NULL);
}
