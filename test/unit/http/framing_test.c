/* SPDX-License-Identifier: Apache-2.0 */
#include "http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct field_census census;
static struct h1_fault fault;

static void read_fields(const char *text, struct h1_field fields[], unsigned *count)
{
	const char *at = text;

	assert_int_equal(field_read_all(&at, text + strlen(text), fields, H1_FIELDS_MAX, count,
					&census, &fault),
			 H1_DONE);
}

static const struct {
	const char *text;
	unsigned minor;
	int status; /* 0: good */
	enum h1_framing framing;
	uint64_t length;
} requests[] = {
	{ "\r\n", 1, 0, H1_NO_BODY, 0 },
	{ "Content-Length: 0\r\n\r\n", 1, 0, H1_LENGTH, 0 },
	{ "Content-Length: 255\r\n\r\n", 1, 0, H1_LENGTH, 255 },
	{ "Content-Length: 256\r\n\r\n", 1, 0, H1_LENGTH, 256 },
	{ "Content-Length: 257\r\n\r\n", 1, 0, H1_LENGTH, 257 },
	{ "Content-Length: 65535\r\n\r\n", 1, 0, H1_LENGTH, 65535 },
	{ "Content-Length: 65536\r\n\r\n", 1, 0, H1_LENGTH, 65536 },
	{ "Content-Length: 65537\r\n\r\n", 1, 0, H1_LENGTH, 65537 },
	{ "Content-Length: 2147483648\r\n\r\n", 1, 0, H1_LENGTH, 2147483648 },
	{ "Content-Length: 4294967295\r\n\r\n", 1, 0, H1_LENGTH, 4294967295 },
	{ "Content-Length: 4294967296\r\n\r\n", 1, 0, H1_LENGTH, 4294967296 },
	{ "Content-Length: 4294967297\r\n\r\n", 0, 0, H1_LENGTH, 4294967297 },
	{ "Content-Length: 9223372036854775807\r\n\r\n", 1, 0, H1_LENGTH, INT64_MAX },
	{ "Content-Length: 0005\r\n\r\n", 1, 0, H1_LENGTH, 5 },
	{ "Transfer-Encoding: chunked\r\n\r\n", 1, 0, H1_CHUNKED, 0 },
	{ "transfer-encoding:\t CHUNKED \r\n\r\n", 1, 0, H1_CHUNKED, 0 },
	{ "Content-Length: 9223372036854775808\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 18446744073709551615\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 18446744073709551616\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 18446744073709551621\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 99999999999999999999999999\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: +5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: -5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5 \t5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5, 5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5,\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 0x5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5.0\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: \"5\"\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length:\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: \xb2\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5\r\nA: b\r\ncontent-length: 6\r\n\r\n", 1, 400, 0, 0 },
	{ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked, chunked\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked, identity\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked, \r\n\r\n", 1, 501, 0, 0 },
	{ "Transfer-Encoding: , chunked\r\n\r\n", 1, 501, 0, 0 },
	{ "Transfer-Encoding: identity\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: gzip\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: gzip, chunked\r\n\r\n", 1, 501, 0, 0 },
	{ "Transfer-Encoding: xchunked\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunkedx\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: \"chunked\"\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked;a=b\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chu nked\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding:\r\n\r\n", 1, 400, 0, 0 },
	{ "Transfer-Encoding: chunked\r\n\r\n", 0, 400, 0, 0 },
};

static void test_requests(void **state)
{
	static struct h1_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		read_fields(requests[i].text, request.fields, &request.field_count);
		request.minor = requests[i].minor;

		enum h1_result result = framing_of_request(&request, &census, &fault);

		if (requests[i].status != 0) {
			assert_int_equal(result, H1_BAD);
			assert_int_equal(fault.status, requests[i].status);
			continue;
		}
		assert_int_equal(result, H1_DONE);
		assert_int_equal(request.framing, requests[i].framing);
		assert_true(request.body_length == requests[i].length);
	}
}

static const struct {
	const char *text;
	unsigned status;
	enum h1_method method;
	bool is_good;
	enum h1_framing framing;
	bool keeps_alive;
} responses[] = {
	{ "\r\n", 200, H1_GET, true, H1_UNTIL_CLOSE, false },
	{ "Content-Length: 5\r\n\r\n", 200, H1_GET, true, H1_LENGTH, true },
	{ "Content-Length: 5\r\n\r\n", 200, H1_HEAD, true, H1_NO_BODY, true },
	{ "Content-Length: 5\r\n\r\n", 304, H1_GET, true, H1_NO_BODY, true },
	{ "Content-Length: 0\r\n\r\n", 204, H1_GET, true, H1_NO_BODY, true },
	{ "\r\n", 204, H1_GET, true, H1_NO_BODY, true },
	{ "\r\n", 100, H1_GET, true, H1_NO_BODY, true },
	{ "\r\n", 101, H1_GET, true, H1_NO_BODY, true },
	{ "Transfer-Encoding: chunked\r\n\r\n", 200, H1_POST, true, H1_CHUNKED, true },
	{ "Transfer-Encoding: chunked\r\n\r\n", 200, H1_HEAD, true, H1_NO_BODY, true },
	{ "Transfer-Encoding: chunked\r\n\r\n", 304, H1_GET, true, H1_NO_BODY, true },
	{ "Transfer-Encoding: chunked\r\n\r\n", 204, H1_GET, true, H1_NO_BODY, false },
	{ "Transfer-Encoding: chunked\r\n\r\n", 103, H1_GET, true, H1_NO_BODY, false },
	{ "Transfer-Encoding: gzip\r\n\r\n", 200, H1_GET, false, 0, false },
	{ "Transfer-Encoding: gzip, chunked\r\n\r\n", 200, H1_GET, false, 0, false },
	{ "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 200, H1_GET, false, 0, false },
	{ "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 200, H1_HEAD, false, 0,
	  false },
	{ "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 200, H1_GET, false, 0, false },
	{ "Content-Length: x\r\n\r\n", 200, H1_GET, false, 0, false },
};

static void test_responses(void **state)
{
	static struct h1_response response;

	(void)state;
	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
		read_fields(responses[i].text, response.fields, &response.field_count);
		response.minor = 1;
		response.keeps_alive = true;
		response.status = responses[i].status;

		enum h1_result result = framing_of_response(&response, &census, responses[i].method,
							    &fault);

		assert_int_equal(result, responses[i].is_good ? H1_DONE : H1_BAD);
		if (!responses[i].is_good)
			continue;
		assert_int_equal(response.framing, responses[i].framing);
		assert_int_equal(response.keeps_alive, responses[i].keeps_alive);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
	};

	return cmocka_run_group_tests_name("http/framing", tests, NULL, NULL);
}
