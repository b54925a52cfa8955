/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEAD_MAX = 4096 };

static struct h1_request request;
static struct h1_response response;
static struct h1_fault fault;

/* What the tests feed and compare: one read of a request or a response. */
struct reader {
	bool is_response;
	enum h1_method method;
	size_t head_max;
};

static size_t head_length(const struct reader *reader)
{
	return reader->is_response ? response.head_length : request.head_length;
}

/* The memory ends where the bytes end, so that ASan sees a look behind them. */
static enum h1_result look(const struct reader *reader, struct h1_scan *scan, struct str text,
			   size_t length)
{
	char *copy = malloc(length + 1) + 1;
	enum h1_result result;

	memcpy(copy, text.at, length);
	if (reader->is_response)
		result = h1_read_response(scan, copy, length, reader->head_max, reader->method,
					  &response, &fault);
	else
		result = h1_read_request(scan, copy, length, reader->head_max, &request, &fault);
	free(copy - 1);
	return result;
}

/* A refusal may come later when the bytes come in pieces, but at the end of the line at last. */
static void end_the_line(const struct reader *reader, struct h1_scan *scan, struct str text)
{
	char *copy = malloc(text.length + 1);

	memcpy(copy, text.at, text.length);
	copy[text.length] = '\n';
	assert_int_equal(look(reader, scan, (struct str){ copy, text.length + 1 }, text.length + 1),
			 H1_BAD);
	free(copy);
}

static void feed_split(const struct reader *reader, struct str text, size_t first,
		       enum h1_result whole, int status, size_t length)
{
	struct h1_scan scan = { 0 };
	enum h1_result result = look(reader, &scan, text, first);

	if (result == H1_MORE)
		result = look(reader, &scan, text, text.length);
	if (whole == H1_BAD && result == H1_MORE)
		end_the_line(reader, &scan, text);
	else
		assert_int_equal(result, whole);
	if (whole == H1_DONE)
		assert_int_equal(head_length(reader), length);
	if (whole == H1_BAD)
		assert_int_equal(fault.status, status);
}

static void feed_bytes(const struct reader *reader, struct str text, enum h1_result whole,
		       int status, size_t length)
{
	struct h1_scan scan = { 0 };
	enum h1_result result = H1_MORE;

	for (size_t n = 1; n <= text.length && result == H1_MORE; n++)
		result = look(reader, &scan, text, n);
	if (whole == H1_BAD && result == H1_MORE)
		end_the_line(reader, &scan, text);
	else
		assert_int_equal(result, whole);
	if (whole == H1_DONE)
		assert_int_equal(head_length(reader), length);
	if (whole == H1_BAD)
		assert_int_equal(fault.status, status);
}

/* Reads it at once, in two pieces split everywhere, and byte by byte: the outcome is the same.
 * Leaves the request or response of the read at once. */
static enum h1_result feed(const struct reader *reader, struct str text)
{
	struct h1_scan scan = { 0 };
	enum h1_result whole = look(reader, &scan, text, text.length);
	int status = whole == H1_BAD ? fault.status : 0;
	size_t length = whole == H1_DONE ? head_length(reader) : 0;

	if (whole == H1_BAD) {
		assert_non_null(fault.what);
		assert_true(status >= 400 && status <= 505);
	}
	for (size_t first = 1; first <= text.length; first++)
		feed_split(reader, text, first, whole, status, length);
	feed_bytes(reader, text, whole, status, length);

	/* Once more on the caller's own bytes, for a look at the fields. */
	scan = (struct h1_scan){ 0 };
	if (reader->is_response)
		return h1_read_response(&scan, text.at, text.length, reader->head_max,
					reader->method, &response, &fault);
	return h1_read_request(&scan, text.at, text.length, reader->head_max, &request, &fault);
}

static const struct reader of_requests = { .head_max = HEAD_MAX };

#define HOST "Host: h\r\n"

static void test_good_requests(void **state)
{
	static const struct str rows[] = {
		STR("GET / HTTP/1.1\r\n" HOST "\r\n"),
		STR("GET / HTTP/1.0\r\n\r\n"),
		STR("GET / HTTP/1.0\r\n" HOST "\r\n"),
		STR("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
		STR("GET http://h/a HTTP/1.1\r\n" HOST "\r\n"),
		STR("GET http://H HTTP/1.1\r\n" HOST "\r\n"),
		STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
		STR("M-SEARCH / HTTP/1.1\r\n" HOST "\r\n"),
		STR("GET /%00%zz|{}\"<>\\^` HTTP/1.1\r\n" HOST "\r\n"),
		STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"),
		STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		STR("GET / HTTP/1.1\r\n" HOST "A: \x80\xff\r\n\r\n"),
		STR("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\nGET / HTTP/1.1\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(feed(&of_requests, rows[i]), H1_DONE);
}

static const struct {
	struct str text;
	int status;
} refused[] = {
	{ STR("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400 },
	{ STR(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1\rX" HOST "\r\n"), 400 },
	{ STR("GET /\r\n" HOST "\r\n"), 400 },
	{ STR("GET\r\n" HOST "\r\n"), 400 },
	{ STR("GET / \r\n" HOST "\r\n"), 400 },
	{ STR("/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("\r\rGET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("G\0T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("G\x80T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("X\r\nA: B HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /a\tb HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /a\x7f HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET a HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET * HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET http://other/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET http://u:p@h/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET gopher://h/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET http://h/ HTTP/1.1\r\n\r\n"), 400 },
	{ STR("GET / http/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1,1\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/11\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.10\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTPS/1.1\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.2\r\n" HOST "\r\n"), 505 },
	{ STR("GET / HTTP/2.0\r\n" HOST "\r\n"), 505 },
	{ STR("GET / HTTP/0.9\r\n" HOST "\r\n"), 505 },
	{ STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
	{ STR("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), 501 },
	{ STR("CONNECT / HTTP/1.1\r\n" HOST "\r\n"), 501 },
	{ STR("GET / HTTP/1.1\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST " A: b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "A: b\nB: c\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "A: b\rB: c\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "A: b\r\n\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "A: \0\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n"), 400 },
	{ STR("GET / HTTP/1.1\r\n" HOST "Nonsense\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
	      "Transfer-Encoding: chunked\r\n\r\n"),
	  400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501 },
	{ STR("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Content_Length: 1\r\n\r\n"), 400 },
	{ STR("POST / HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n"), 417 },
	{ STR("GET / HTTP/1.1\r\n" HOST "Connection: host\r\n\r\n"), 400 },
	{ STR("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400 },
	{ STR("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"), 400 },
};

static void test_refused_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(feed(&of_requests, refused[i].text), H1_BAD);
		if (fault.status != refused[i].status)
			fail_msg("row %zu: %d %s", i, fault.status, fault.what);
	}
}

static void test_request_parts(void **state)
{
	(void)state;
	assert_int_equal(feed(&of_requests, STR("\r\nPATCH http://Ex.org:80/a?b=c HTTP/1.1\r\n"
						"Host:  ex.ORG:80 \r\nTE: gzip, Trailers\r\n"
						"X: y\r\nContent-Length: 3\r\n"
						"Expect: 100-Continue\r\n\r\nabc")),
			 H1_DONE);
	assert_int_equal(request.method, H1_PATCH);
	assert_true(str_equal(request.method_text, STR("PATCH")));
	assert_true(str_equal(request.target, STR("http://Ex.org:80/a?b=c")));
	assert_true(str_equal(request.path, STR("/a?b=c")));
	assert_true(str_equal(request.authority, STR("ex.ORG:80")));
	assert_int_equal(request.minor, 1);
	assert_int_equal(request.field_count, 5);
	assert_true(str_equal(request.fields[2].name, STR("X")));
	assert_true(str_equal(request.fields[2].value, STR("y")));
	assert_true(request.accepts_trailers && request.keeps_alive && request.expects_continue);
	assert_false(request.wants_upgrade);
	assert_int_equal(request.framing, H1_LENGTH);
	assert_true(request.body_length == 3);
}

static void test_persistence(void **state)
{
	static const struct {
		struct str text;
		bool keeps_alive;
	} rows[] = {
		{ STR("GET / HTTP/1.1\r\n" HOST "\r\n"), true },
		{ STR("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, CLOSE\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST "Proxy-Connection: close\r\n\r\n"), true },
		{ STR("GET / HTTP/1.0\r\n\r\n"), false },
		{ STR("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true },
		{ STR("GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n"), false },
		{ STR("GET / HTTP/1.0\r\nKeep-Alive: 1\r\n\r\n"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(feed(&of_requests, rows[i].text), H1_DONE);
		assert_int_equal(request.keeps_alive, rows[i].keeps_alive);
	}
}

#define UPGRADE "Connection: upgrade\r\nUpgrade: "

static void test_upgrades(void **state)
{
	static const struct {
		struct str text;
		bool wants_upgrade;
	} rows[] = {
		{ STR("GET / HTTP/1.1\r\n" HOST UPGRADE "websocket\r\n\r\n"), true },
		{ STR("GET / HTTP/1.0\r\n" HOST UPGRADE "websocket\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST UPGRADE "h2c\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST UPGRADE "websocket, h2c\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST UPGRADE "a\r\nContent-Length: 1\r\n\r\n"), false },
		{ STR("GET / HTTP/1.1\r\n" HOST UPGRADE "a\r\nUpgrade: b\r\n\r\n"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(feed(&of_requests, rows[i].text), H1_DONE);
		assert_int_equal(request.wants_upgrade, rows[i].wants_upgrade);
		assert_int_equal(request.upgrade.length > 0, rows[i].wants_upgrade);
	}
}

static void test_expect_of_old_clients(void **state)
{
	(void)state;
	assert_int_equal(feed(&of_requests, STR("POST / HTTP/1.0\r\nContent-Length: 1\r\n"
						"Expect: 100-continue\r\n\r\n")),
			 H1_DONE);
	assert_false(request.expects_continue);
	assert_true(request.fields[1].is_hop);
	assert_int_equal(
		feed(&of_requests, STR("GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n")),
		H1_DONE);
	assert_false(request.expects_continue);
}

/* A head of exactly `length` bytes, with the padding in its request line or in a field. */
static struct str padded(char *room, size_t length, bool in_line)
{
	const char *start = in_line ? "GET /" : "GET / HTTP/1.1\r\nHost: h\r\nA: ";
	const char *end = in_line ? " HTTP/1.1\r\nHost: h\r\n\r\n" : "\r\n\r\n";
	size_t start_length = strlen(start), end_length = strlen(end);

	memset(room, 'a', length);
	memcpy(room, start, start_length);
	memcpy(room + length - end_length, end, end_length);
	return (struct str){ room, length };
}

static enum h1_result read_once(struct str text, size_t head_max)
{
	struct h1_scan scan = { 0 };

	return h1_read_request(&scan, text.at, text.length, head_max, &request, &fault);
}

static void test_head_lengths(void **state)
{
	static const size_t limits[] = { 255, 256, 257, 4095, 4096, 4097, 65535, 65536, 65537 };
	static char room[65540];

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		for (int in_line = 0; in_line < 2; in_line++) {
			struct str text = padded(room, limits[i], in_line != 0);

			assert_int_equal(read_once(text, limits[i]), H1_DONE);
			assert_int_equal(request.head_length, limits[i]);
			assert_int_equal(read_once(text, limits[i] - 1), H1_BAD);
			assert_int_equal(fault.status, 431);
			text.length = 200; /* inside the padding */
			assert_int_equal(read_once(text, 201), H1_MORE);
			assert_int_equal(read_once(text, 200), H1_BAD);
			assert_int_equal(fault.status, in_line ? 414 : 431);
		}
	}
}

static void test_long_heads_in_pieces(void **state)
{
	static const struct reader narrow = { .head_max = 100 };
	static char room[200];

	(void)state;
	assert_int_equal(feed(&narrow, padded(room, 100, true)), H1_DONE);
	assert_int_equal(feed(&narrow, padded(room, 101, true)), H1_BAD);
	assert_int_equal(fault.status, 431);
	assert_int_equal(feed(&narrow, padded(room, 200, true)), H1_BAD);
	assert_int_equal(fault.status, 414);
	assert_int_equal(feed(&narrow, padded(room, 100, false)), H1_DONE);
	assert_int_equal(feed(&narrow, padded(room, 101, false)), H1_BAD);
	assert_int_equal(fault.status, 431);
}

static void test_field_counts(void **state)
{
	static char room[4096];

	(void)state;
	for (unsigned others = 126; others <= 129; others++) {
		size_t length = (size_t)snprintf(room, sizeof(room), "GET / HTTP/1.1\r\n" HOST);

		for (unsigned i = 0; i < others; i++)
			length += (size_t)snprintf(room + length, sizeof(room) - length,
						   "A: %u\r\n", i);
		length += (size_t)snprintf(room + length, sizeof(room) - length, "\r\n");

		enum h1_result result = read_once((struct str){ room, length }, HEAD_MAX);

		assert_int_equal(result, others < H1_FIELDS_MAX ? H1_DONE : H1_BAD);
		assert_int_equal(result == H1_BAD ? fault.status : 431, 431);
	}
}

static void test_good_responses(void **state)
{
	static const struct {
		struct str text;
		unsigned status;
		bool keeps_alive;
		enum h1_framing framing;
	} rows[] = {
		{ STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, true, H1_LENGTH },
		{ STR("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n"), 200, true, H1_LENGTH },
		{ STR("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n"), 200, true, H1_LENGTH },
		{ STR("HTTP/1.1 200 \xfc b\tc\r\n\r\n"), 200, false, H1_UNTIL_CLOSE },
		{ STR("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n"), 200, false, H1_LENGTH },
		{ STR("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n"),
		  200, true, H1_LENGTH },
		{ STR("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"), 200,
		  false, H1_LENGTH },
		{ STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), 200, true,
		  H1_CHUNKED },
		{ STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), 100, true,
		  H1_NO_BODY },
		{ STR("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"), 103, true, H1_NO_BODY },
		{ STR("HTTP/1.1 204 No Content\r\n\r\n"), 204, true, H1_NO_BODY },
		{ STR("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), 999, true, H1_LENGTH },
	};
	static const struct reader reader = { .is_response = true, .head_max = HEAD_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(feed(&reader, rows[i].text), H1_DONE);
		assert_int_equal(response.status, rows[i].status);
		assert_int_equal(response.keeps_alive, rows[i].keeps_alive);
		assert_int_equal(response.framing, rows[i].framing);
		assert_false(response.switches);
	}
}

static void test_refused_responses(void **state)
{
	static const struct str rows[] = {
		STR("HTTP/1.1 20 OK\r\n\r\n"),
		STR("HTTP/1.1 2000 OK\r\n\r\n"),
		STR("HTTP/1.1 099 OK\r\n\r\n"),
		STR("HTTP/1.1 2x0 OK\r\n\r\n"),
		STR("HTTP/1.1  200 OK\r\n\r\n"),
		STR("HTTP/1.1 -20 OK\r\n\r\n"),
		STR("HTTP/1.1\r\n\r\n"),
		STR("HTTP/1.1 200 OK\n\n"),
		STR("HTTP/1.1 200 O\0K\r\n\r\n"),
		STR("HTTP/1.1 200 O\rK\r\n\r\n"),
		STR("HTTP/2 200 OK\r\n\r\n"),
		STR("HTTP/2.0 200 OK\r\n\r\n"),
		STR("ICY 200 OK\r\n\r\n"),
		STR("\r\nHTTP/1.1 200 OK\r\n\r\n"),
		STR("<html>\n"),
		STR("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
		STR("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
		STR("HTTP/1.1 101 Switching\r\n\r\n"),
		STR("HTTP/1.1 101 Switching\r\nUpgrade: a\r\n\r\n"),
		STR("HTTP/1.1 101 Switching\r\n" UPGRADE "h2c\r\n\r\n"),
	};
	static const struct reader reader = { .is_response = true, .head_max = HEAD_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (feed(&reader, rows[i]) != H1_BAD)
			fail_msg("row %zu is not refused", i);
}

static void test_switching(void **state)
{
	static const struct reader reader = { .is_response = true, .head_max = HEAD_MAX };

	(void)state;
	assert_int_equal(feed(&reader, STR("HTTP/1.1 101 S\r\n" UPGRADE "websocket\r\n\r\n\x81")),
			 H1_DONE);
	assert_true(response.switches);
	assert_true(str_equal(response.upgrade, STR("websocket")));
	assert_int_equal(response.framing, H1_NO_BODY);
}

static void test_answer_to_head(void **state)
{
	static const struct reader reader = { .is_response = true,
					      .method = H1_HEAD,
					      .head_max = HEAD_MAX };

	(void)state;
	assert_int_equal(feed(&reader, STR("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")),
			 H1_DONE);
	assert_int_equal(response.framing, H1_NO_BODY);
	assert_true(response.body_length == 7);
	assert_true(response.keeps_alive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_requests),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_request_parts),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_expect_of_old_clients),
		cmocka_unit_test(test_head_lengths),
		cmocka_unit_test(test_long_heads_in_pieces),
		cmocka_unit_test(test_field_counts),
		cmocka_unit_test(test_good_responses),
		cmocka_unit_test(test_refused_responses),
		cmocka_unit_test(test_switching),
		cmocka_unit_test(test_answer_to_head),
	};

	return cmocka_run_group_tests_name("http/h1", tests, NULL, NULL);
}
