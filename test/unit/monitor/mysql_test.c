/* SPDX-License-Identifier: Apache-2.0
 * Greeting, login and query as MySQL and MariaDB do them.
 */
#include "hearing.h"

static struct hearing on;

#define GREETING                                                                                   \
	"\x49\0\0\0\x0a"                                                                           \
	"8.0.1\0\1\0\0\0"                                                                          \
	"ABCDEFGH\0\xff\xf7\x08\2\0\x0f\x80\x15\0\0\0\0\0\0\0\0\0\0"                               \
	"IJKLMNOPQRST\0mysql_native_password\0"

static void begin(void)
{
	hearing_begin(&on, &mysql_protocol);
	hearing_slowly(&on, GREETING, sizeof(GREETING) - 1);
}

static void test_greeting(void **state)
{
	(void)state;
	hearing_of(&on);
	begin();
	hearing_is(&on, TALK_GOOD, "greeted by MySQL 8.0.1");
	hearing_begin(&on, &mysql_protocol);
	hearing_bytes(&on, "\x17\0\0\0\xff\x10\x04Too many connections", 27);
	hearing_is(&on, TALK_BAD, "MySQL error 1040: Too many connections");
}

static void test_login(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	begin();
	hearing_is(&on, TALK_MORE, "");
	on.said_length = 0;
	hearing_bytes(&on, "\7\0\0\2\0\0\0\2\0\0\0", 11);
	assert_memory_equal(on.said, "\1\0\0\0\x0e", 5);
	hearing_bytes(&on, "\7\0\0\1\0\0\0\2\0\0\0", 11);
	hearing_is(&on, TALK_GOOD, "the server is well");
	begin();
	hearing_bytes(&on, "\x11\0\0\2\xff\x15\x04#28000denied!!", 21);
	hearing_is(&on, TALK_BAD, "MySQL error 1045: denied!!");
	begin();
	hearing_bytes(&on, "\2\0\0\2\1\4", 6);
	hearing_is(&on, TALK_BAD, "the server wants the password over TLS");
	begin();
	hearing_bytes(&on,
		      "\4\0\0\2\xfe"
		      "xy\0",
		      8);
	hearing_is(&on, TALK_BAD, "the server asks for xy");
}

static void test_rows(void **state)
{
	static const char rows[] = "\1\0\0\1\1\5\0\0\2\3def\0\5\0\0\3\xfe\0\0\2\0"
				   "\3\0\0\4\2ok\5\0\0\5\xfe\0\0\2\0";

	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	hearing_set(&on, MONITOR_TEXT_SQL_QUERY, "select 'ok'");
	hearing_set(&on, MONITOR_TEXT_RECV, "ok");
	hearing_begin(&on, &mysql_ecv_protocol);
	hearing_bytes(&on, GREETING, sizeof(GREETING) - 1);
	hearing_bytes(&on, "\7\0\0\2\0\0\0\2\0\0\0", 11);
	hearing_slowly(&on, rows, sizeof(rows) - 1);
	hearing_is(&on, TALK_GOOD, "a row holds \"ok\"");
	hearing_set(&on, MONITOR_TEXT_RECV, "def");
	hearing_begin(&on, &mysql_ecv_protocol);
	hearing_bytes(&on, GREETING, sizeof(GREETING) - 1);
	hearing_bytes(&on, "\7\0\0\2\0\0\0\2\0\0\0", 11);
	hearing_bytes(&on, rows, sizeof(rows) - 1);
	hearing_is(&on, TALK_BAD, "no row holds \"def\"");
}

static void test_broken(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &mysql_protocol);
	hearing_bytes(&on, "\xff\xff\xff\0", 4);
	hearing_is(&on, TALK_BAD, "the answer is not MySQL, or too long");
	hearing_begin(&on, &mysql_protocol);
	hearing_bytes(&on, "\0\0\0\0", 4);
	hearing_is(&on, TALK_BAD, "the answer is not MySQL");
	hearing_begin(&on, &mysql_protocol);
	hearing_bytes(&on,
		      "\3\0\0\0\x0a"
		      "8.",
		      7);
	hearing_is(&on, TALK_BAD, "the answer is not MySQL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
