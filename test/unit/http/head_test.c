/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct h1_request request;
static struct h1_response response;
static struct h1_fault fault;

static void read_request(const char *text)
{
	struct h1_scan scan = { 0 };

	assert_int_equal(h1_read_request(&scan, text, strlen(text), 4096, &request, &fault),
			 H1_DONE);
}

static void read_response(const char *text, enum h1_method method)
{
	struct h1_scan scan = { 0 };

	assert_int_equal(
		h1_read_response(&scan, text, strlen(text), 4096, method, &response, &fault),
		H1_DONE);
}

/* What is written is exactly `expected`, and fits the room that was asked for. */
static void expect_request(struct head_framing framing, const struct head_extra *extra,
			   unsigned extra_count, bool upgrades, const char *expected)
{
	size_t room = head_request_room(&request, extra, extra_count);
	char *to = malloc(room);
	size_t length = head_write_request(to, &request, framing, extra, extra_count, upgrades);

	assert_true(length <= room);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(to, expected, length);
	free(to);
}

static void expect_response(struct head_framing framing, unsigned client_minor, bool closes,
			    const char *expected)
{
	static const struct head_extra extra[] = { { STR("Set-Cookie"), STR("spill=1") } };
	size_t room = head_response_room(&response, extra, 1);
	char *to = malloc(room);
	size_t length = head_write_response(to, &response, framing, extra, 1, client_minor, closes);

	assert_true(length <= room);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(to, expected, length);
	free(to);
}

static void test_request(void **state)
{
	(void)state;
	read_request("GET http://h/a?b HTTP/1.1\r\nAccept:  */*  \r\nhost: h\r\nX-Empty:\r\n"
		     "Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 2\r\nTE: trailers\r\n"
		     "Trailer: x\r\nCookie: c\r\n\r\n");
	expect_request(
		(struct head_framing){ H1_NO_BODY, 0 }, NULL, 0, false,
		"GET /a?b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-Empty: \r\nCookie: c\r\n\r\n");
}

static void test_request_bodies(void **state)
{
	(void)state;
	read_request("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007\r\n\r\n");
	expect_request((struct head_framing){ H1_LENGTH, 7 }, NULL, 0, false,
		       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n");
	expect_request(
		(struct head_framing){ H1_LENGTH, UINT64_MAX }, NULL, 0, false,
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n");
	read_request(
		"POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\nHost: h\r\nTrailer: x\r\n\r\n");
	expect_request(
		(struct head_framing){ H1_CHUNKED, 0 }, NULL, 0, false,
		"POST / HTTP/1.1\r\nHost: h\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void test_identity_cannot_be_forged(void **state)
{
	static const struct head_extra extra[] = { { STR("X-Forwarded-For"), STR("10.0.0.1") },
						   { STR("X-Real-IP"), STR("10.0.0.1") } };

	(void)state;
	read_request("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: a\r\nx-forwarded-for: b\r\n"
		     "X_Forwarded_For: c\r\nx-forwarded_FOR: d\r\nX_REAL_IP: e\r\n"
		     "X-Forwarded-Fo: f\r\n\r\n");
	expect_request((struct head_framing){ H1_NO_BODY, 0 }, extra, 2, false,
		       "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-Fo: f\r\n"
		       "X-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n\r\n");
}

static void test_request_upgrade(void **state)
{
	(void)state;
	read_request("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\n"
		     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n");
	expect_request((struct head_framing){ H1_NO_BODY, 0 }, NULL, 0, true,
		       "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n"
		       "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	expect_request((struct head_framing){ H1_NO_BODY, 0 }, NULL, 0, false,
		       "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n\r\n");
}

static void test_response(void **state)
{
	(void)state;
	read_response("HTTP/1.1 200 Fine\r\nServer: s\r\nConnection: close\r\nContent-Length: 9\r\n"
		      "Keep-Alive: 3\r\nSet-Cookie: a\r\n\r\n",
		      H1_GET);
	expect_response((struct head_framing){ H1_LENGTH, 9 }, 1, false,
			"HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\nContent-Length: 9\r\n"
			"Set-Cookie: spill=1\r\n\r\n");
	expect_response(
		(struct head_framing){ H1_CHUNKED, 0 }, 1, true,
		"HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\n"
		"Transfer-Encoding: chunked\r\nSet-Cookie: spill=1\r\nConnection: close\r\n\r\n");
	expect_response((struct head_framing){ H1_LENGTH, 9 }, 0, false,
			"HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\nContent-Length: 9\r\n"
			"Set-Cookie: spill=1\r\nConnection: keep-alive\r\n\r\n");
	expect_response((struct head_framing){ H1_UNTIL_CLOSE, 0 }, 0, true,
			"HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\n"
			"Set-Cookie: spill=1\r\nConnection: close\r\n\r\n");
}

static void test_response_without_body(void **state)
{
	(void)state;
	read_response("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", H1_HEAD);
	expect_response((struct head_framing){ H1_NO_BODY, 0 }, 1, false,
			"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nSet-Cookie: spill=1\r\n\r\n");
	read_response("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", H1_GET);
	expect_response(
		(struct head_framing){ H1_NO_BODY, 0 }, 1, false,
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nSet-Cookie: spill=1\r\n\r\n");
	read_response("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n", H1_GET);
	expect_response((struct head_framing){ H1_NO_BODY, 0 }, 1, false,
			"HTTP/1.1 204 \r\nSet-Cookie: spill=1\r\n\r\n");
	read_response("HTTP/1.1 100 Continue\r\n\r\n", H1_POST);
	expect_response((struct head_framing){ H1_NO_BODY, 0 }, 1, true,
			"HTTP/1.1 100 Continue\r\nSet-Cookie: spill=1\r\n\r\n");
	read_response("HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: ws\r\n\r\n", H1_GET);
	expect_response((struct head_framing){ H1_NO_BODY, 0 }, 1, false,
			"HTTP/1.1 101 S\r\nSet-Cookie: spill=1\r\nConnection: Upgrade\r\n"
			"Upgrade: ws\r\n\r\n");
}

static void test_trailers(void **state)
{
	static const struct head_extra extra[] = { { STR("X-Id"), STR("1") } };
	struct h1_field fields[] = { { STR("A"), STR("b"), H1_FIELD_OTHER, false },
				     { STR("x_id"), STR("2"), H1_FIELD_OTHER, false },
				     { STR("Upgrade"), STR("c"), H1_FIELD_UPGRADE, true } };
	char to[512];

	(void)state;
	assert_true(head_trailers_room(fields, 3) <= sizeof(to));

	size_t length = head_write_trailers(to, fields, 3, extra, 1);

	assert_true(str_equal((struct str){ to, length }, STR("0\r\nA: b\r\n\r\n")));
	length = head_write_trailers(to, NULL, 0, NULL, 0);
	assert_true(str_equal((struct str){ to, length }, STR("0\r\n\r\n")));
}

static void test_chunk_lines(void **state)
{
	static const struct {
		uint64_t length;
		struct str text;
	} rows[] = {
		{ 0, STR("0\r\n") },
		{ 1, STR("1\r\n") },
		{ 15, STR("f\r\n") },
		{ 16, STR("10\r\n") },
		{ 255, STR("ff\r\n") },
		{ 256, STR("100\r\n") },
		{ 65535, STR("ffff\r\n") },
		{ 65536, STR("10000\r\n") },
		{ 1ull << 32, STR("100000000\r\n") },
		{ UINT64_MAX, STR("ffffffffffffffff\r\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char to[HEAD_CHUNK_ROOM];
		size_t length = head_write_chunk(to, rows[i].length);

		assert_true(str_equal((struct str){ to, length }, rows[i].text));
	}
}

static void expect_answer(int status, const char *body, bool is_head, bool closes,
			  const char *expected)
{
	static const struct head_extra extra[] = { { STR("Retry-After"), STR("5") } };
	char to[HEAD_ANSWER_ROOM];
	size_t length = head_write_answer(to, sizeof(to), status, body, extra, 1, is_head, closes);

	assert_int_equal(length, strlen(expected));
	assert_memory_equal(to, expected, length);
}

#define PLAIN "Content-Type: text/plain\r\nCache-Control: no-store\r\n"

static void test_answers(void **state)
{
	(void)state;
	expect_answer(503, NULL, false, true,
		      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n" PLAIN
		      "Content-Length: 24\r\nConnection: close\r\n\r\n503 Service Unavailable\n");
	expect_answer(404, "nothing here", true, false,
		      "HTTP/1.1 404 Not Found\r\nRetry-After: 5\r\n" PLAIN
		      "Content-Length: 12\r\n\r\n");
	expect_answer(100, NULL, false, true, "HTTP/1.1 100 Continue\r\nRetry-After: 5\r\n\r\n");
	expect_answer(299, "", false, false,
		      "HTTP/1.1 299 \r\nRetry-After: 5\r\n" PLAIN "Content-Length: 0\r\n\r\n");
}

static void test_answers_fit(void **state)
{
	static char long_text[8192];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t length = 0; length < sizeof(long_text) - 1; length += 31) {
		struct head_extra extra[] = { { STR("Location"), { long_text, length } },
					      { STR("A"), STR("b") } };
		struct h1_scan scan = { 0 };
		char *to = malloc(1024);
		size_t written = head_write_answer(to, 1024, 302, long_text, extra, 2, false, true);

		assert_true(written <= 1024);
		assert_int_equal(
			h1_read_response(&scan, to, written, 1024, H1_GET, &response, &fault),
			H1_DONE);
		assert_true(response.head_length + response.body_length == written);
		free(to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_bodies),
		cmocka_unit_test(test_identity_cannot_be_forged),
		cmocka_unit_test(test_request_upgrade),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_response_without_body),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_chunk_lines),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answers_fit),
	};

	return cmocka_run_group_tests_name("http/head", tests, NULL, NULL);
}
