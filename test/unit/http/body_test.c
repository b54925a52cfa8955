/* SPDX-License-Identifier: Apache-2.0 */
#include "http/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct h1_fault fault;

/* What came out of a body that was read in pieces. */
struct outcome {
	char content[512];
	size_t content_length;
	size_t used;
	enum body_state state;
	unsigned trailers;
};

static void read_piece(struct body *body, struct outcome *out, struct str text, size_t length)
{
	char *piece = malloc(length + 1) + 1;
	size_t used, data;

	memcpy(piece, text.at, length);
	body_read(body, piece, length, &used, &data, &fault);
	assert_true(data <= used && used <= length);
	assert_true(used == length || body->state != BODY_DATA);
	memcpy(out->content + out->content_length, piece, data);
	out->content_length += data;
	out->used += used;
	free(piece - 1);
}

static void read_trailers(struct body *body, struct outcome *out, struct str text)
{
	static struct h1_field fields[H1_FIELDS_MAX];
	enum h1_result result = H1_MORE;
	size_t used = 0, start = out->used;

	for (size_t n = 0; start + n <= text.length && result == H1_MORE; n++) {
		char *piece = malloc(n + 1) + 1;

		memcpy(piece, text.at + start, n);
		result = body_trailers(body, piece, n, &used, fields, H1_FIELDS_MAX, &out->trailers,
				       &fault);
		free(piece - 1);
	}
	if (result == H1_DONE)
		out->used += used;
}

/* In pieces of `step` bytes, the first one of `first`. */
static struct outcome read_split(enum h1_framing framing, uint64_t length, struct str text,
				 size_t first, size_t step)
{
	struct outcome out = { .used = 0 };
	struct body body;
	size_t piece = first;

	body_begin(&body, framing, length);
	for (size_t at = 0; at < text.length && body.state == BODY_DATA;
	     at += piece, piece = step) {
		size_t rest = text.length - at;

		if (at > 0)
			piece = step;
		if (piece > rest)
			piece = rest;
		read_piece(&body, &out, (struct str){ text.at + at, rest }, piece);
	}
	if (body.state == BODY_TRAILERS)
		read_trailers(&body, &out, text);
	out.state = body.state;
	return out;
}

static struct outcome read_chunked(struct str text)
{
	struct outcome whole = read_split(H1_CHUNKED, 0, text, text.length, text.length);

	for (size_t first = 1; first < text.length; first++) {
		for (size_t step = 1; step <= text.length; step += text.length - 1) {
			struct outcome out = read_split(H1_CHUNKED, 0, text, first, step);

			assert_int_equal(out.state, whole.state);
			assert_int_equal(out.used, whole.used);
			assert_int_equal(out.trailers, whole.trailers);
			assert_int_equal(out.content_length, whole.content_length);
			assert_memory_equal(out.content, whole.content, out.content_length);
		}
	}
	return whole;
}

static void test_chunks(void **state)
{
	static const struct {
		struct str text, content;
		size_t left;
		unsigned trailers;
	} rows[] = {
		{ STR("0\r\n\r\n"), STR(""), 0, 0 },
		{ STR("5\r\nhello\r\n0\r\n\r\n"), STR("hello"), 0, 0 },
		{ STR("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\nGET"), STR("abc"), 3, 0 },
		{ STR("00000005\r\nhello\r\n000\r\n\r\n"), STR("hello"), 0, 0 },
		{ STR("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"),
		  STR("0123456789abcdefghij"), 0, 0 },
		{ STR("5;a=b;c=\"d;e\"\r\nhello\r\n0;x\r\n\r\n"), STR("hello"), 0, 0 },
		{ STR("2\r\n\r\n\r\n0\r\n\r\n"), STR("\r\n"), 0, 0 },
		{ STR("1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\nX"), STR("a"), 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome out = read_chunked(rows[i].text);

		assert_int_equal(out.state, BODY_END);
		assert_int_equal(out.used, rows[i].text.length - rows[i].left);
		assert_int_equal(out.trailers, rows[i].trailers);
		assert_true(str_equal((struct str){ out.content, out.content_length },
				      rows[i].content));
	}
}

static void test_refused_chunks(void **state)
{
	static const struct str rows[] = {
		STR("\r\n"),
		STR("+5\r\nhello\r\n"),
		STR("-5\r\nhello\r\n"),
		STR(" 5\r\nhello\r\n"),
		STR("5 \r\nhello\r\n"),
		STR("5\t;a\r\nhello\r\n"),
		STR("0x5\r\nhello\r\n"),
		STR("x\r\n"),
		STR("5\nhello\r\n0\r\n\r\n"),
		STR("5\r\nhello\n0\r\n\r\n"),
		STR("5\r\nhello0\r\n\r\n"),
		STR("5\r\nhellooo\r\n0\r\n\r\n"),
		STR("5\r\nhello\rX"),
		STR("5\rXhello\r\n"),
		STR("5;a\nhello\r\n"),
		STR("5;a\0\r\nhello\r\n"),
		STR("5;a\rb\r\nhello\r\n"),
		STR("5,5\r\nhello\r\n"),
		STR("8000000000000000\r\n"),
		STR("FFFFFFFFFFFFFFFF\r\n"),
		STR("10000000000000000\r\n"),
		STR("00000000000000005\r\nhello\r\n"),
		STR("0\r\nA : b\r\n\r\n"),
		STR("0\r\n A: b\r\n\r\n"),
		STR("0\r\nA: b\n\r\n"),
		STR("0\r\nContent-Length: 5\r\n\r\n"),
		STR("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
		STR("0\r\nHost: h\r\n\r\n"),
		STR("0\r\nauthorization: h\r\n\r\n"),
		STR("0\r\nX_Forwarded-For: h\r\n\r\n"),
		STR("0\r\nIf-Match: h\r\n\r\n"),
		STR("0\r\nA: b\r\nSet-Cookie: c\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome out = read_chunked(rows[i]);

		if (out.state != BODY_BAD)
			fail_msg("row %zu is not refused", i);
		assert_int_equal(fault.status, 400);
	}
}

static void test_chunk_sizes(void **state)
{
	static const uint64_t sizes[] = { 1,        255,   256,        257,        65535,
					  65536,    65537, 1ull << 31, 1ull << 32, (1ull << 32) + 1,
					  INT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[64];
		struct body body;
		size_t used, data;
		int length = snprintf(text, sizeof(text), "%llx\r\n", (unsigned long long)sizes[i]);

		body_begin(&body, H1_CHUNKED, 0);
		body_read(&body, text, (size_t)length, &used, &data, &fault);
		assert_int_equal(body.state, BODY_DATA);
		assert_int_equal(data, 0);
		assert_true(body.left == sizes[i]);
	}
}

static void test_extensions_are_bounded(void **state)
{
	char text[BODY_EXTENSION_MAX + 16];

	(void)state;
	for (size_t length = BODY_EXTENSION_MAX - 1; length <= BODY_EXTENSION_MAX + 1; length++) {
		struct body body;
		size_t used, data;

		memset(text, 'x', sizeof(text));
		memcpy(text, "1;", 2);
		memcpy(text + 2 + length, "\r\n", 2);
		body_begin(&body, H1_CHUNKED, 0);
		body_read(&body, text, length + 4, &used, &data, &fault);
		assert_int_equal(body.state, length > BODY_EXTENSION_MAX ? BODY_BAD : BODY_DATA);
	}
}

/* A section of `length` bytes in all. */
static enum h1_result trail(size_t length, unsigned fields_max, size_t *used)
{
	static struct h1_field fields[H1_FIELDS_MAX];
	static char text[BODY_TRAILERS_MAX + 16];
	struct body body;
	unsigned count;
	size_t ignored;
	char last[] = "0\r\n";

	body_begin(&body, H1_CHUNKED, 0);
	body_read(&body, last, 3, &ignored, &ignored, &fault);
	memset(text, 'x', sizeof(text));
	text[1] = ':';
	memcpy(text + length - 4, "\r\n\r\n", 4);
	return body_trailers(&body, text, length, used, fields, fields_max, &count, &fault);
}

static void test_trailers_are_bounded(void **state)
{
	size_t used = 0;

	(void)state;
	assert_int_equal(trail(BODY_TRAILERS_MAX, 1, &used), H1_DONE);
	assert_int_equal(used, BODY_TRAILERS_MAX);
	assert_int_equal(trail(BODY_TRAILERS_MAX + 1, 1, &used), H1_BAD);
	assert_int_equal(fault.status, 431);
	assert_int_equal(trail(100, 0, &used), H1_BAD);
	assert_int_equal(fault.status, 431);
}

static void test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 5, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (size_t step = 1; step <= 6; step++) {
			struct outcome out = read_split(H1_LENGTH, lengths[i], STR("hello!GET"),
							step, step);

			assert_int_equal(out.state, BODY_END);
			assert_int_equal(out.used, lengths[i]);
			assert_memory_equal(out.content, "hello!", lengths[i]);
		}
	}
}

static void test_long_length(void **state)
{
	static char bytes[65536];
	uint64_t length = (1ull << 32) + 5, sum = 0;
	struct body body;

	(void)state;
	body_begin(&body, H1_LENGTH, length);
	while (body.state == BODY_DATA) {
		size_t used, data;

		body_read(&body, bytes, sizeof(bytes), &used, &data, &fault);
		assert_int_equal(used, data);
		sum += used;
	}
	assert_true(sum == length);
	assert_true(body_is_over(&body));
}

static void test_without_framing(void **state)
{
	struct body body;
	struct outcome out = read_split(H1_UNTIL_CLOSE, 0, STR("hello"), 2, 1);

	(void)state;
	assert_int_equal(out.state, BODY_DATA);
	assert_int_equal(out.used, 5);
	body_begin(&body, H1_NO_BODY, 0);
	assert_true(body_is_over(&body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_refused_chunks),
		cmocka_unit_test(test_chunk_sizes),
		cmocka_unit_test(test_extensions_are_bounded),
		cmocka_unit_test(test_trailers_are_bounded),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_long_length),
		cmocka_unit_test(test_without_framing),
	};

	return cmocka_run_group_tests_name("http/body", tests, NULL, NULL);
}
