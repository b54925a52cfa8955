/* SPDX-License-Identifier: Apache-2.0
 * A text in the answer makes it well, however the answer is cut.
 */
#include "hearing.h"

static struct hearing on;

static void test_tcp(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &tcp_ecv_protocol);
	hearing_is(&on, TALK_GOOD, "connected");
	hearing_set(&on, MONITOR_TEXT_SEND, "hello\r\n");
	hearing_set(&on, MONITOR_TEXT_RECV, "ready");
	hearing_begin(&on, &tcp_ecv_protocol);
	assert_string_equal(hearing_said(&on), "hello\r\n");
	hearing_hears(&on, "not rea re ready");
	hearing_is(&on, TALK_GOOD, "the answer holds \"ready\"");
	hearing_begin(&on, &tcp_ecv_protocol);
	hearing_bytes(&on, "not so", 6);
	hearing_over(&on);
	hearing_is(&on, TALK_BAD, "the answer does not hold \"ready\"");
}

/* A server that says so wants no new clients, and is well. */
static void test_trofs(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_RECV, "ready");
	hearing_set(&on, MONITOR_TEXT_TROFS_STRING, "maintenance soon");
	hearing_begin(&on, &tcp_ecv_protocol);
	hearing_hears(&on, "it is maintenance soon");
	hearing_is(&on, TALK_GOOD,
		   "the answer holds \"maintenance soon\", -trofsstring: no new clients");
	assert_int_equal(on.ear.talk.capacity.state, CAPACITY_DRAIN);
	hearing_begin(&on, &tcp_ecv_protocol);
	hearing_hears(&on, "all is ready");
	hearing_is(&on, TALK_GOOD, "the answer holds \"ready\"");
	assert_int_equal(on.ear.talk.capacity.state, CAPACITY_UP);
	hearing_begin(&on, &http_ecv_protocol);
	hearing_hears(&on, "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nmaintenance soon");
	hearing_is(&on, TALK_GOOD,
		   "the answer holds \"maintenance soon\", -trofsstring: no new clients");
	assert_int_equal(on.ear.talk.capacity.state, CAPACITY_DRAIN);
	on.conf.trofs_code = 503;
	hearing_begin(&on, &http_protocol);
	hearing_hears(&on, "HTTP/1.1 503 Soon\r\n");
	hearing_is(&on, TALK_GOOD, "HTTP status 503, -trofscode: no new clients");
	assert_int_equal(on.ear.talk.capacity.state, CAPACITY_DRAIN);
	hearing_begin(&on, &http_protocol);
	hearing_hears(&on, "HTTP/1.1 200 OK\r\n");
	assert_int_equal(on.ear.talk.capacity.state, CAPACITY_UP);
}

static void test_udp(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &udp_ecv_protocol);
	assert_true(on.ear.talk.silence_is_good);
	hearing_bytes(&on, "x", 1);
	hearing_is(&on, TALK_GOOD, "answered");
	hearing_set(&on, MONITOR_TEXT_RECV, "pong");
	hearing_begin(&on, &udp_ecv_protocol);
	assert_false(on.ear.talk.silence_is_good);
	hearing_bytes(&on, "a pong", 6);
	hearing_is(&on, TALK_GOOD, "the answer holds \"pong\"");
	hearing_begin(&on, &udp_ecv_protocol);
	hearing_bytes(&on, "ping", 4);
	hearing_is(&on, TALK_BAD, "the answer does not hold \"pong\"");
}

/* The text before broken chunks counts, however the answer is cut. */
static void test_http_chunks(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "5\r\nready\r\nnonsense\r\n";

	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_RECV, "ready");
	hearing_begin(&on, &http_ecv_protocol);
	hearing_hears(&on, answer);
	hearing_is(&on, TALK_GOOD, "HTTP status 200");
	hearing_begin(&on, &http_ecv_protocol);
	hearing_bytes(&on, answer, sizeof(answer) - 1);
	hearing_is(&on, TALK_GOOD, "HTTP status 200");
	hearing_set(&on, MONITOR_TEXT_RECV, "other");
	hearing_begin(&on, &http_ecv_protocol);
	hearing_bytes(&on, answer, sizeof(answer) - 1);
	hearing_is(&on, TALK_BAD, "the answer's chunks are broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_trofs),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_http_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
