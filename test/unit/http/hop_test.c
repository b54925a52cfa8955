/* SPDX-License-Identifier: Apache-2.0 */
#include "http/hop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct h1_field fields[H1_FIELDS_MAX];
static unsigned count;
static struct field_census census;
static struct hop_options options;
static struct h1_fault fault;

static enum h1_result read_hop(const char *text)
{
	const char *at = text;

	assert_int_equal(field_read_all(&at, text + strlen(text), fields, H1_FIELDS_MAX, &count,
					&census, &fault),
			 H1_DONE);
	return hop_read(fields, count, &census, &options, &fault);
}

static bool is_hop(const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (str_equal(fields[i].name, str_of(name)))
			return fields[i].is_hop;
	fail_msg("no field %s", name);
	return false;
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(read_hop("Connection: Close\r\n\r\n"), H1_DONE);
	assert_true(options.closes && !options.keeps_alive && !options.upgrades);
	assert_int_equal(read_hop("Connection: keep-alive, UPGRADE\r\n\r\n"), H1_DONE);
	assert_true(!options.closes && options.keeps_alive && options.upgrades);
	assert_int_equal(read_hop("Connection: keep-alive\r\nA: b\r\nConnection: close\r\n\r\n"),
			 H1_DONE);
	assert_true(options.closes && options.keeps_alive);
	assert_int_equal(read_hop("A: b\r\n\r\n"), H1_DONE);
	assert_true(!options.closes && !options.keeps_alive && !options.upgrades);
	assert_int_equal(read_hop("Connection: ,\r\n\r\n"), H1_DONE);
}

static void test_always_hop(void **state)
{
	(void)state;
	assert_int_equal(read_hop("Connection: x\r\nKeep-Alive: 1\r\nProxy-Connection: close\r\n"
				  "TE: trailers\r\nTransfer-Encoding: chunked\r\nUpgrade: a\r\n"
				  "HTTP2-Settings: b\r\nProxy-Authorization: c\r\nTrailer: d\r\n"
				  "Via: e\r\nExpect: 100-continue\r\nHost: f\r\n\r\n"),
			 H1_DONE);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(fields[i].is_hop, i < 8);
}

static void test_named_fields(void **state)
{
	(void)state;
	assert_int_equal(
		read_hop("X-A: 1\r\nConnection: x-a, X-B\r\nX-C: 3\r\nx-b: 2\r\nX-A: 4\r\n\r\n"),
		H1_DONE);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(fields[i].is_hop, !str_equal(fields[i].name, STR("X-C")));
}

static void test_fields_for_all_stay(void **state)
{
	(void)state;
	assert_int_equal(read_hop("Connection: Cookie, authorization, X-Forwarded-For, "
				  "content-type, cache-control, if-match, X-Real-IP, Via\r\n"
				  "Cookie: a\r\nAuthorization: b\r\nX-Forwarded-For: c\r\n"
				  "Content-Type: d\r\nCache-Control: e\r\nIf-Match: f\r\n"
				  "X-Real-IP: g\r\nVia: h\r\n\r\n"),
			 H1_DONE);
	for (unsigned i = 1; i < count; i++)
		assert_false(fields[i].is_hop);
	assert_true(is_hop("Connection"));
}

static void test_refused(void **state)
{
	char many[600] = "Connection: ";

	(void)state;
	assert_int_equal(read_hop("Connection: host\r\n\r\n"), H1_BAD);
	assert_int_equal(read_hop("Connection: close, Content-Length\r\n\r\n"), H1_BAD);
	assert_int_equal(read_hop("Connection: a b\r\n\r\n"), H1_BAD);
	assert_int_equal(read_hop("Connection: \"close\"\r\n\r\n"), H1_BAD);
	assert_int_equal(fault.status, 400);
	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(many + strlen(many), 8, "%c,", 'a' + (int)(i % 26));

	size_t length = strlen(many);

	(void)snprintf(many + length, 8, "\r\n\r\n");
	assert_int_equal(read_hop(many), H1_DONE);
	(void)snprintf(many + length, 8, "z\r\n\r\n");
	assert_int_equal(read_hop(many), H1_BAD);
}

static void test_upgrade(void **state)
{
	(void)state;
	assert_int_equal(read_hop("Upgrade: websocket\r\n\r\n"), H1_DONE);
	assert_true(str_equal(hop_upgrade(fields, &census), STR("websocket")));
	assert_int_equal(read_hop("Upgrade: foo, H2C\r\n\r\n"), H1_DONE);
	assert_int_equal(hop_upgrade(fields, &census).length, 0);
	assert_int_equal(read_hop("Upgrade: h2c-16\r\n\r\n"), H1_DONE);
	assert_int_equal(hop_upgrade(fields, &census).length, 0);
	assert_int_equal(read_hop("Upgrade: a\r\nUpgrade: b\r\n\r\n"), H1_DONE);
	assert_int_equal(hop_upgrade(fields, &census).length, 0);
	assert_int_equal(read_hop("Upgrade:\r\n\r\n"), H1_DONE);
	assert_int_equal(hop_upgrade(fields, &census).length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),      cmocka_unit_test(test_always_hop),
		cmocka_unit_test(test_named_fields), cmocka_unit_test(test_fields_for_all_stay),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_upgrade),
	};

	return cmocka_run_group_tests_name("http/hop", tests, NULL, NULL);
}
