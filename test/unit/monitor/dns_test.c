/* SPDX-License-Identifier: Apache-2.0
 * A question for a name and every way its answer can be wrong.
 */
#include "hearing.h"

static struct hearing on;

#define HEAD(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION             "\1a\1b\0\0\1\0\1"
#define ADDRESS              "\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\x0a\0\0\1"

static void ask(const char *answer, size_t length)
{
	hearing_begin(&on, &dns_protocol);
	hearing_bytes(&on, answer, length);
}

#define ASK(answer) ask(answer, sizeof(answer) - 1)

static void test_question(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_QUERY, "a.b");
	hearing_begin(&on, &dns_protocol);
	assert_int_equal(on.said_length, 21);
	assert_memory_equal(on.said, "\x12\x34\1\0\0\1\0\0\0\0\0\0" QUESTION, 21);
	hearing_set(&on, MONITOR_TEXT_QUERY, "a..b");
	hearing_begin(&on, &dns_protocol);
	hearing_is(&on, TALK_BAD, "-query is no domain name");
}

static void test_answers(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_QUERY, "a.b");
	ASK(HEAD("\x81\x80", "\1") QUESTION ADDRESS);
	hearing_is(&on, TALK_GOOD, "1 records");
	ASK(HEAD("\x81\x83", "\0") QUESTION);
	hearing_is(&on, TALK_BAD, "DNS error NXDOMAIN");
	ASK(HEAD("\x81\x80", "\0") QUESTION);
	hearing_is(&on, TALK_BAD, "the answer has no record of the type asked for");
	ASK("\x99\x99\x81\x80\0\1\0\1\0\0\0\0" QUESTION ADDRESS);
	hearing_is(&on, TALK_MORE, "");
	hearing_set(&on, MONITOR_TEXT_ADDRESSES, "10.0.0.2 10.0.0.1");
	ASK(HEAD("\x81\x80", "\1") QUESTION ADDRESS);
	hearing_is(&on, TALK_GOOD, "1 records");
	hearing_set(&on, MONITOR_TEXT_ADDRESSES, "10.0.0.2 ::1");
	ASK(HEAD("\x81\x80", "\1") QUESTION ADDRESS);
	hearing_is(&on, TALK_BAD, "the answer has none of the expected addresses");
}

static void test_broken(void **state)
{
	static const char whole[] = HEAD("\x81\x80", "\1") QUESTION ADDRESS;

	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_QUERY, "a.b");
	for (size_t length = 0; length + 1 < sizeof(whole); length++) {
		ask(whole, length);
		hearing_is(&on, TALK_BAD, "the answer is not DNS");
	}
}

static void test_tcp(void **state)
{
	static const char whole[] = "\0\x25" HEAD("\x81\x80", "\1") QUESTION ADDRESS;

	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_QUERY, "a.b");
	hearing_begin(&on, &dns_tcp_protocol);
	assert_memory_equal(on.said, "\0\x15\x12\x34", 4);
	hearing_slowly(&on, whole, sizeof(whole) - 1);
	hearing_is(&on, TALK_GOOD, "1 records");
	hearing_begin(&on, &dns_tcp_protocol);
	hearing_bytes(&on, "\xff\xff", 2);
	hearing_is(&on, TALK_BAD, "the answer is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
