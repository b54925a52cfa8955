/* SPDX-License-Identifier: Apache-2.0
 * The code decides; whatever else comes back, or nothing, ends the probe in words and in time.
 */
#include "asking.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;
static struct server server;
static const struct str request = STR("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");

static int set_up(void **state)
{
	(void)state;
	must(loop_init(&loop) == 0);
	server_init(&server, &loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	server_close(&server);
	loop_fini(&loop);
	return 0;
}

static void expect(const struct monitor_conf *conf, struct str answer, bool is_good,
		   const char *text)
{
	struct asking asking;

	server.answer = answer;
	asking_run(&asking, &loop, &http_kind, conf, &server.at, request);
	assert_string_equal(asking.text, text);
	assert_int_equal(asking.is_good, is_good);
}

static void test_codes(void **state)
{
	static const struct monitor_codes codes[] = { { 200, 204 }, { 404, 404 } },
					  one = { 301, 301 };
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	expect(&conf, STR("HTTP/1.1 200 OK\r\n\r\n"), true, "HTTP status 200");
	assert_string_equal(server.heard, request.at);
	expect(&conf, STR("HTTP/1.0 200\r\n"), true, "HTTP status 200");
	expect(&conf, STR("HTTP/1.1 200 \n"), true, "HTTP status 200");
	expect(&conf, STR("HTTP/1.1 503 No\r\n\r\n"), false, "HTTP status 503, expected 200");
	conf.codes = codes;
	conf.code_count = 2;
	expect(&conf, STR("HTTP/1.1 204 x\r\n"), true, "HTTP status 204");
	expect(&conf, STR("HTTP/1.1 404 x\r\n"), true, "HTTP status 404");
	expect(&conf, STR("HTTP/1.1 205 x\r\n"), false,
	       "HTTP status 205, expected 200-204 or others");
	conf.codes = &one;
	conf.code_count = 1;
	expect(&conf, STR("HTTP/1.1 200 x\r\n"), false, "HTTP status 200, expected 301");
}

static void test_not_http(void **state)
{
	static const struct str rows[] = {
		STR("SSH-2.0-OpenSSH_9.2\r\n"), STR("\x16\x03\x01\x00\x00"),
		STR("\0\0\0\0\0\0\0\0"),        STR("\n"),
		STR("http/1.1 200 OK\r\n"),     STR("HTTP/2 200 OK\r\n"),
		STR("HTTP/1.1  200\r\n"),       STR("HTTP/1.1 2000\r\n"),
		STR("HTTP/1.1 20\r\n"),         STR("HTTP/1.1 2x0 OK\r\n"),
		STR("HTTP/1.x 200 OK\r\n"),     STR("HTTP/1.1\t200 OK\r\n"),
	};
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&conf, rows[i], false, "the answer is not HTTP");
}

/* Without an end of line, and without an end at all. */
static void test_endless(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	static char line[600];

	(void)state;
	server.is_endless = true;
	expect(&conf, STR("HTTP/1.1 200 "), false, "the answer is not HTTP");
	expect(&conf, STR("x"), false, "the answer is not HTTP");
	expect(&conf, STR("HTTP/1.1 200 OK\r\n"), true, "HTTP status 200");
	server.is_endless = false;
	memset(line, 'x', sizeof(line));
	memcpy(line, "HTTP/1.1 200 ", 13);
	expect(&conf, (struct str){ line, sizeof(line) }, false, "the answer is not HTTP");
}

static void test_closed_and_silent(void **state)
{
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	server.closes = true;
	expect(&conf, STR(""), false, "connection closed before a status line");
	expect(&conf, STR("HTTP/1.1 20"), false, "connection closed before a status line");
	expect(&conf, STR("HTTP/1.1 200 OK\r\n"), true, "HTTP status 200");
	server.closes = false;
	conf.response_timeout_ms = 50;
	expect(&conf, STR(""), false, "no answer within 50 ms");
	expect(&conf, STR("HTTP/1.1 20"), false, "no answer within 50 ms");
	socket_close(loop_unwatch(&loop, &server.listener));
	expect(&conf, STR(""), false, "connection refused");
}

#define test_on_loop(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_loop(test_codes),
		test_on_loop(test_not_http),
		test_on_loop(test_endless),
		test_on_loop(test_closed_and_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
