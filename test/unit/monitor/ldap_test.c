/* SPDX-License-Identifier: Apache-2.0
 * A bind and a search as a directory answers them.
 */
#include "hearing.h"

static struct hearing on;

#define BOUND  "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
#define ENTRY  "\x30\x0b\x02\x01\x02\x64\x06\x04\x02o=\x30\x00"
#define DONE   "\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
#define DENIED "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00"

static void talk_to(const char *bytes, size_t length)
{
	hearing_begin(&on, &ldap_protocol);
	hearing_slowly(&on, bytes, length);
}

#define TALK_TO(bytes) talk_to(bytes, sizeof(bytes) - 1)

static void test_bind(void **state)
{
	(void)state;
	hearing_of(&on);
	TALK_TO(BOUND);
	assert_memory_equal(on.said, "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
			    14);
	hearing_is(&on, TALK_GOOD, "bound");
	TALK_TO(DENIED);
	hearing_is(&on, TALK_BAD, "the bind is refused with LDAP result 49");
}

static void test_search(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_BASE_DN, "o=x");
	hearing_set(&on, MONITOR_TEXT_FILTER, "(uid=probe)");
	TALK_TO(BOUND ENTRY);
	hearing_is(&on, TALK_GOOD, "found");
	TALK_TO(BOUND DONE);
	hearing_is(&on, TALK_BAD, "the search finds nothing");
	hearing_set(&on, MONITOR_TEXT_FILTER, "(&(a=b)(c=d))");
	TALK_TO(BOUND ENTRY);
	hearing_is(&on, TALK_GOOD, "found");
	hearing_set(&on, MONITOR_TEXT_FILTER, "(&(a=b)(c=d)");
	TALK_TO(BOUND);
	hearing_is(&on, TALK_BAD, "-filter is no filter of LDAP");
}

static void test_broken(void **state)
{
	(void)state;
	hearing_of(&on);
	TALK_TO("HTTP/1.1 400 Bad Request\r\n\r\n");
	assert_int_equal(on.verdict, TALK_BAD);
	TALK_TO("\x30\x84\xff\xff\xff\xff");
	hearing_is(&on, TALK_BAD, "the answer is not LDAP");
	TALK_TO("\x30\x03\x02\x01\x01");
	hearing_is(&on, TALK_BAD, "the answer is not LDAP");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
