/* SPDX-License-Identifier: Apache-2.0
 * A GET and its answers.
 */
#include "hearing.h"

static struct hearing on;

#define ANSWER(error, value)                                                                       \
	"\x30\x27\x02\x01\x00\x04\x06public\xa2\x1a\x02\x02\x12\x34\x02\x01" error                 \
	"\x02\x01\x00\x30\x0e\x30\x0c\x06\x07\x2b\x06\x01\x02\x01\x01\x03" value

static void ask(const char *answer, size_t length)
{
	hearing_begin(&on, &snmp_protocol);
	hearing_bytes(&on, answer, length);
}

#define ASK(answer) ask(answer, sizeof(answer) - 1)

static void test_value(void **state)
{
	(void)state;
	hearing_of(&on);
	ASK(ANSWER("\0", "\x02\x01\x2a"));
	hearing_is(&on, TALK_GOOD, "answered");
	hearing_set(&on, MONITOR_TEXT_SNMP_THRESHOLD, "42");
	ASK(ANSWER("\0", "\x02\x01\x2a"));
	hearing_is(&on, TALK_GOOD, "value 42");
	hearing_set(&on, MONITOR_TEXT_SNMP_THRESHOLD, "41");
	ASK(ANSWER("\0", "\x42\x01\x2a"));
	hearing_is(&on, TALK_BAD, "value 42 is above 41");
	ASK(ANSWER("\0", "\x04\x01x"));
	hearing_is(&on, TALK_BAD, "the object is no number");
	ASK(ANSWER("\2", "\x02\x01\x2a"));
	hearing_is(&on, TALK_BAD, "SNMP error 2");
}

static void test_broken(void **state)
{
	static const char whole[] = ANSWER("\0", "\x02\x01\x2a");

	(void)state;
	hearing_of(&on);
	for (size_t length = 0; length + 1 < sizeof(whole); length++) {
		ask(whole, length);
		hearing_is(&on, TALK_BAD, "the answer is not SNMP");
	}
	hearing_set(&on, MONITOR_TEXT_SNMP_OID, "sysUpTime");
	hearing_begin(&on, &snmp_protocol);
	hearing_is(&on, TALK_BAD, "sysUpTime is no object identifier");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
