/* SPDX-License-Identifier: Apache-2.0
 * A POP3 greeting and login.
 */
#include "hearing.h"

static struct hearing on;

static void test_pop3(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &pop3_protocol);
	hearing_hears(&on, "+OK hi\r\n");
	hearing_is(&on, TALK_GOOD, "greeted");
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	hearing_set(&on, MONITOR_TEXT_PASSWORD, "p");
	hearing_begin(&on, &pop3_protocol);
	hearing_hears(&on, "+OK hi\r\n+OK\r\n");
	assert_string_equal(hearing_said(&on), "USER u\r\nPASS p\r\n");
	hearing_hears(&on, "-ERR wrong\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"-ERR wrong\", expected +OK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pop3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
