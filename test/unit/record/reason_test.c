/* SPDX-License-Identifier: Apache-2.0
 * Every reason has a word of its own and a text; those that are limits are told apart.
 */
#include "record/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_reason_has_its_words(void **unused)
{
	(void)unused;
	for (int i = 0; i < REASON_COUNT; i++) {
		assert_non_null(reason_rows[i].name);
		assert_non_null(reason_rows[i].text);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(reason_rows[i].name, reason_rows[j].name);
	}
}

static void what_cannot_serve_is_not_full(void **unused)
{
	(void)unused;
	assert_false(reason_is_full(REASON_NONE));
	assert_false(reason_is_full(REASON_DISABLED));
	assert_false(reason_is_full(REASON_DOWN));
	assert_true(reason_is_full(REASON_CLIENTS));
	assert_true(reason_is_full(REASON_KEPT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_its_words),
		cmocka_unit_test(what_cannot_serve_is_not_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
