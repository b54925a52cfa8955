/* SPDX-License-Identifier: Apache-2.0
 *
 * Only what may be repeated is repeated, and every answer gets a framing that its client can read.
 */
#include "proxy/http_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void repeats_what_is_idempotent_and_has_no_body(void **state)
{
	static const struct {
		enum h1_method method;
		bool may;
	} rows[] = {
		{ H1_GET, true },    { H1_HEAD, true },     { H1_PUT, true },   { H1_DELETE, true },
		{ H1_TRACE, true },  { H1_OPTIONS, true },  { H1_POST, false }, { H1_PATCH, false },
		{ H1_OTHER, false }, { H1_CONNECT, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct h1_request request;

		request = (struct h1_request){ .method = rows[i].method, .framing = H1_NO_BODY };
		assert_int_equal(http_rules_may_repeat(&request), rows[i].may);
		request.framing = H1_LENGTH;
		assert_false(http_rules_may_repeat(&request));
		request.framing = H1_CHUNKED;
		assert_false(http_rules_may_repeat(&request));
		request.framing = H1_NO_BODY;
		request.wants_upgrade = true;
		assert_false(http_rules_may_repeat(&request));
	}
}

static void is_no_forward_proxy(void **state)
{
	static struct h1_request request;

	(void)state;
	request.method = H1_CONNECT;
	assert_int_equal(http_rules_refusal(&request), 501);
	request.method = H1_OTHER;
	assert_int_equal(http_rules_refusal(&request), 0);
}

static void frames_for_the_client(void **state)
{
	static const struct {
		enum h1_framing from, to_0, to_1;
	} rows[] = {
		{ H1_NO_BODY, H1_NO_BODY, H1_NO_BODY },
		{ H1_LENGTH, H1_LENGTH, H1_LENGTH },
		{ H1_CHUNKED, H1_UNTIL_CLOSE, H1_CHUNKED },
		{ H1_UNTIL_CLOSE, H1_UNTIL_CLOSE, H1_CHUNKED },
	};
	static struct h1_response response;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		response.framing = rows[i].from;
		response.body_length = rows[i].from == H1_LENGTH ? UINT64_MAX >> 1 : 0;
		assert_int_equal(http_rules_framing(&response, 0).framing, rows[i].to_0);
		assert_int_equal(http_rules_framing(&response, 1).framing, rows[i].to_1);
		assert_true(http_rules_framing(&response, 1).length == response.body_length);
	}
}

static void keeps_only_servers_that_stay(void **state)
{
	static struct h1_response response;

	(void)state;
	response.framing = H1_LENGTH;
	assert_false(http_rules_server_stays(&response));
	response.keeps_alive = true;
	assert_true(http_rules_server_stays(&response));
	response.framing = H1_UNTIL_CLOSE;
	assert_false(http_rules_server_stays(&response));
}

static void knows_interim_answers(void **state)
{
	static const struct {
		unsigned status, minor;
		bool asked, is_sent, switches;
		enum http_interim interim;
	} rows[] = {
		{ 200, 1, false, true, false, HTTP_FINAL },
		{ 599, 0, true, false, false, HTTP_FINAL },
		{ 100, 1, false, false, false, HTTP_RELAY },
		{ 103, 1, false, true, false, HTTP_RELAY },
		{ 100, 0, false, true, false, HTTP_SKIP },
		{ 101, 1, true, true, true, HTTP_SWITCH },
		{ 101, 1, false, true, true, HTTP_WRONG },
		{ 101, 1, true, false, true, HTTP_WRONG },
		{ 101, 1, true, true, false, HTTP_WRONG },
	};
	static struct h1_response response;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		response.status = rows[i].status;
		response.switches = rows[i].switches;
		assert_int_equal(http_rules_interim(&response, rows[i].minor, rows[i].asked,
						    rows[i].is_sent),
				 rows[i].interim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_what_is_idempotent_and_has_no_body),
		cmocka_unit_test(is_no_forward_proxy),
		cmocka_unit_test(frames_for_the_client),
		cmocka_unit_test(keeps_only_servers_that_stay),
		cmocka_unit_test(knows_interim_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
