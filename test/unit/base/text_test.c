/* SPDX-License-Identifier: Apache-2.0
 * Text grows by any steps, ends with NUL at every moment, and can be cut.
 */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_grows(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	assert_int_equal(text_str(&text).length, 0);
	for (int i = 0; i < 1000; i++) {
		text_print(&text, "%03d,", i);
		assert_int_equal(text.at[text.length], 0);
	}
	assert_int_equal(text.length, 4000);
	assert_memory_equal(text.at + 3996, "999,", 5);
	text_add(&text, STR(""));
	text_add(&text, (struct str){ NULL, 0 });
	text_add(&text, STR("end"));
	assert_int_equal(text.length, 4003);
	text_free(&text);
	assert_null(text.at);
	text_free(&text);
}

static void test_cut(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	text_cut(&text, 0);
	text_add(&text, STR("abcdef"));
	text_cut(&text, 100);
	assert_string_equal(text.at, "abcdef");
	text_cut(&text, 3);
	assert_string_equal(text.at, "abc");
	text_print(&text, "%s", "x");
	assert_string_equal(text.at, "abcx");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
