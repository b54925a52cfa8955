/* SPDX-License-Identifier: Apache-2.0
 * Metrics of a host, read by one request: SNMP messages written by hand.
 */
#include "hearing.h"

static const char good[] = "\x30\x3a\x02\x01\x00\x04\x06\x70\x75\x62\x6c\x69\x63\xa2\x2d\x02"
			   "\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x21\x30\x0d\x06\x08\x2b"
			   "\x06\x01\x02\x01\x01\x03\x00\x42\x01\x09\x30\x10\x06\x08\x2b\x06"
			   "\x01\x02\x01\x01\x03\x00\x04\x04\x20\x31\x32\x20";
static const char above[] = "\x30\x37\x02\x01\x00\x04\x06\x70\x75\x62\x6c\x69\x63\xa2\x2a\x02"
			    "\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x1e\x30\x0d\x06\x08\x2b"
			    "\x06\x01\x02\x01\x01\x03\x00\x02\x01\x0a\x30\x0d\x06\x08\x2b\x06"
			    "\x01\x02\x01\x01\x03\x00\x02\x01\x01";
static const char none[] = "\x30\x36\x02\x01\x00\x04\x06\x70\x75\x62\x6c\x69\x63\xa2\x29\x02"
			   "\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x1d\x30\x0d\x06\x08\x2b"
			   "\x06\x01\x02\x01\x01\x03\x00\x02\x01\x01\x30\x0c\x06\x08\x2b\x06"
			   "\x01\x02\x01\x01\x03\x00\x80\x00";
static const char words[] = "\x30\x37\x02\x01\x00\x04\x06\x70\x75\x62\x6c\x69\x63\xa2\x2a\x02"
			   "\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x1e\x30\x0d\x06\x08\x2b"
			   "\x06\x01\x02\x01\x01\x03\x00\x02\x01\x01\x30\x0d\x06\x08\x2b\x06"
			   "\x01\x02\x01\x01\x03\x00\x04\x01\x78";
static const char few[] = "\x30\x28\x02\x01\x00\x04\x06\x70\x75\x62\x6c\x69\x63\xa2\x1b\x02"
			  "\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x0f\x30\x0d\x06\x08\x2b"
			  "\x06\x01\x02\x01\x01\x03\x00\x02\x01\x01";

static struct hearing on;

static void expect(const char *bytes, size_t length, enum talk_verdict verdict, const char *text)
{
	hearing_begin(&on, &load_protocol);
	hearing_bytes(&on, bytes, length - 1);
	hearing_is(&on, verdict, text);
}

static void test_metrics(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_METRICS,
		    "1.3.6.1.2.1.1.3.0 9 1 cpu\n1.3.6.1.2.1.1.4.0 20 2 disk use\n");
	expect(good, sizeof(good), TALK_GOOD, "load 11 of 2 metrics");
	expect(above, sizeof(above), TALK_BAD, "metric cpu is 10, above 9");
	expect(none, sizeof(none), TALK_BAD, "metric disk use: the object is not there");
	expect(words, sizeof(words), TALK_BAD, "metric disk use is no number");
	expect(few, sizeof(few), TALK_BAD, "the answer lacks metric disk use");
	hearing_set(&on, MONITOR_TEXT_METRICS, "");
	expect(few, sizeof(few), TALK_GOOD, "answered");
}

static void test_request(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_METRICS, "1.3.6 9 1 a\n1.3.7 9 1 b\n");
	hearing_begin(&on, &load_protocol);
	assert_non_null(memmem(on.said, on.said_length, "\x06\x02\x2b\x06\x05\x00", 6));
	assert_non_null(memmem(on.said, on.said_length, "\x06\x02\x2b\x07\x05\x00", 6));
	hearing_set(&on, MONITOR_TEXT_METRICS, "1.x 9 1 a\n");
	hearing_begin(&on, &load_protocol);
	hearing_is(&on, TALK_BAD, "1.x is no object identifier");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_metrics),
					    cmocka_unit_test(test_request) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
