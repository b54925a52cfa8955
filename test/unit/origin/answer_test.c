/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/answer.h"

#include "http/body.h"
#include "http/h1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Everything that an answer sends, in steps of at most `step` bytes. */
static struct str send_all(struct answer *answer, size_t step)
{
	char *sent = NULL;
	size_t length = 0;

	while (!answer_is_over(answer)) {
		struct iovec parts[ANSWER_PARTS];
		int count = answer_parts(answer, parts);
		size_t now;

		assert_in_range(count, 1, ANSWER_PARTS);
		now = parts[0].iov_len < step ? parts[0].iov_len : step;
		sent = realloc(sent, length + now);
		memcpy(sent + length, parts[0].iov_base, now);
		length += now;
		answer_sent(answer, now);
	}
	return (struct str){ sent, length };
}

static void expect(struct answer_plan plan, size_t step, const char *text)
{
	struct answer answer;

	plan.name = STR("n");
	plan.type = STR("t");
	answer_begin(&answer, &plan);

	struct str sent = send_all(&answer, step);

	assert_int_equal(sent.length, strlen(text));
	assert_memory_equal(sent.at, text, sent.length);
	free((char *)(uintptr_t)sent.at);
}

#define START(status) "HTTP/1.1 " status "\r\nX-Origin: n\r\nX-Received: 0\r\nContent-Type: t\r\n"

static void test_texts(void **state)
{
	const struct str abc = STR("abc");

	(void)state;
	for (size_t step = 1; step < 100; step += 7) {
		expect((struct answer_plan){ .status = 200, .content = abc, .size = 3 }, step,
		       START("200 OK") "Content-Length: 3\r\n\r\nabc");
		expect(
			(struct answer_plan){
				.status = 200, .content = abc, .size = 3, .is_head = true },
			step, START("200 OK") "Content-Length: 3\r\n\r\n");
		expect(
			(struct answer_plan){
				.status = 204, .content = abc, .size = 3, .closes = true },
			step, START("204 No Content") "Connection: close\r\n\r\n");
		expect(
			(struct answer_plan){
				.status = 200, .content = abc, .size = 3, .is_chunked = true },
			step,
			START("200 OK") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
		expect((struct answer_plan){ .status = 200,
					     .content = abc,
					     .is_chunked = true,
					     .has_trailer = true },
		       step,
		       START("200 OK") "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n"
				       "0\r\nX-Trailer: yes\r\n\r\n");
	}
}

static void test_pattern(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 255, 256, 257, 65535, 65536, 65537, 1100000 };

	(void)state;
	answer_prepare();
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t size = sizes[i / 2];
		struct answer_plan plan = { .status = 200,
					    .name = STR("n"),
					    .type = STR("t"),
					    .size = size,
					    .is_chunked = i % 2 == 1 };
		struct answer answer;
		struct h1_response response;
		struct h1_scan scan = { 0 };
		struct h1_fault fault;
		struct body body;
		size_t used, data;

		answer_begin(&answer, &plan);

		struct str sent = send_all(&answer, 100003);
		char *bytes = (char *)(uintptr_t)sent.at;

		assert_int_equal(h1_read_response(&scan, bytes, sent.length, 4096, H1_GET,
						  &response, &fault),
				 H1_DONE);
		body_begin(&body, response.framing, response.body_length);
		body_read(&body, bytes + response.head_length, sent.length - response.head_length,
			  &used, &data, &fault);
		assert_true(data == size);
		for (uint64_t at = 0; at < size; at++)
			assert_int_equal(bytes[response.head_length + at], answer_pattern(at));
		free(bytes);
	}
}

static void test_raw(void **state)
{
	struct answer answer;

	(void)state;
	answer_begin_raw(&answer, STR("hello"));

	struct str sent = send_all(&answer, 2);

	assert_true(str_equal(sent, STR("hello")));
	free((char *)(uintptr_t)sent.at);
	answer_begin_raw(&answer, STR(""));
	assert_true(answer_is_over(&answer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_raw),
	};

	return cmocka_run_group_tests_name("origin/answer", tests, NULL, NULL);
}
