/* SPDX-License-Identifier: Apache-2.0
 * An FTP dialogue from the greeting to the file.
 */
#include "hearing.h"

static struct hearing on;

static void test_greeting(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &ftp_protocol);
	hearing_hears(&on, "120 soon\r\n220-a\r\n220 b\r\n");
	hearing_is(&on, TALK_GOOD, "greeted");
	hearing_begin(&on, &ftp_protocol);
	hearing_hears(&on, "421 too many\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"421 too many\", expected 220");
}

static void test_login(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	hearing_set(&on, MONITOR_TEXT_PASSWORD, "p");
	hearing_set(&on, MONITOR_TEXT_FILE_NAME, "f");
	hearing_begin(&on, &ftp_extended_protocol);
	hearing_hears(&on, "220 hi\r\n");
	assert_string_equal(hearing_said(&on), "USER u\r\n");
	hearing_hears(&on, "331 pass\r\n");
	assert_string_equal(hearing_said(&on), "PASS p\r\n");
	hearing_hears(&on, "230 in\r\n");
	assert_string_equal(hearing_said(&on), "SIZE f\r\n");
	hearing_hears(&on, "213 9\r\n");
	hearing_is(&on, TALK_GOOD, "the file is there");
	assert_string_equal(hearing_said(&on), "QUIT\r\n");
	hearing_begin(&on, &ftp_protocol);
	hearing_hears(&on, "220 hi\r\n331 x\r\n530 Login incorrect.\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"530 Login incorrect.\", expected 230");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
