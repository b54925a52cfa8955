/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_counts(void **state)
{
	struct tally tally = { .received = 0 };
	struct text json = TEXT_EMPTY;

	(void)state;
	for (int i = 0; i < 3; i++)
		tally_enter(&tally.connections);
	tally_leave(&tally.connections);
	tally_leave(&tally.connections);
	tally_enter(&tally.connections);
	tally_enter(&tally.requests);
	tally_leave(&tally.requests);
	tally_receive(&tally, 5);
	tally_receive(&tally, 1ull << 32);
	tally_print(&tally, STR("a\"\\\n\x80z"), &json);
	assert_string_equal(json.at, "{\"name\": \"a\\u0022\\u005c\\u000a\\u0080z\", "
				     "\"connections_total\": 4, \"connections\": 2, "
				     "\"connections_peak\": 3, \"requests\": 1, "
				     "\"requests_active\": 0, \"requests_active_peak\": 1, "
				     "\"received\": 4294967301}\n");
	text_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests_name("origin/tally", tests, NULL, NULL);
}
