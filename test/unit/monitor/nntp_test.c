/* SPDX-License-Identifier: Apache-2.0
 * A news server's greeting, login and newsgroup.
 */
#include "hearing.h"

static struct hearing on;

static void test_greeting(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &nntp_protocol);
	hearing_hears(&on, "201 no posting\r\n");
	hearing_is(&on, TALK_GOOD, "greeted");
	assert_string_equal(hearing_said(&on), "QUIT\r\n");
	hearing_begin(&on, &nntp_protocol);
	hearing_hears(&on, "502 go away\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"502 go away\", expected 200 or 201");
}

static void test_login_and_group(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	hearing_set(&on, MONITOR_TEXT_PASSWORD, "p");
	hearing_set(&on, MONITOR_TEXT_GROUP, "house.talk");
	hearing_begin(&on, &nntp_protocol);
	hearing_hears(&on, "200 hi\r\n381 more\r\n281 in\r\n");
	assert_string_equal(hearing_said(&on),
			    "AUTHINFO USER u\r\nAUTHINFO PASS p\r\nGROUP house.talk\r\n");
	hearing_hears(&on, "411 none\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"411 none\", expected 211");
	hearing_begin(&on, &nntp_protocol);
	hearing_hears(&on, "200 hi\r\n281 in\r\n211 1 1 1 house.talk\r\n");
	hearing_is(&on, TALK_GOOD, "the group is there");
	hearing_begin(&on, &nntp_protocol);
	hearing_hears(&on, "200 hi\r\n381 more\r\n481 wrong\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"481 wrong\", expected 281");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_login_and_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
