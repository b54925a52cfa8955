/* SPDX-License-Identifier: Apache-2.0
 * Conversations over real sockets: refused, closed, endless, silent.
 */
#include "asking.h"
#include "monitor/monitor.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;
static struct server server;

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

static void expect(const char *kind, const struct monitor_conf *conf, struct str answer,
		   bool is_good, const char *text)
{
	struct asking asking;

	server.answer = answer;
	asking_run(&asking, &loop, monitor_kind_of(str_of(kind)), conf, &server.at, STR(""));
	assert_string_equal(asking.text, text);
	assert_int_equal(asking.is_good, is_good);
}

static void test_tcp(void **state)
{
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	conf.texts[MONITOR_TEXT_SEND] = STR("ask\r\n\r\n");
	conf.texts[MONITOR_TEXT_RECV] = STR("pong");
	expect("TCP-ECV", &conf, STR("ping pong"), true, "the answer holds \"pong\"");
	assert_string_equal(server.heard, "ask\r\n\r\n");
	server.closes = true;
	expect("TCP-ECV", &conf, STR("ping"), false, "the answer does not hold \"pong\"");
	expect("AGENT", &conf, STR(""), false, "connection closed before the answer was whole");
	server.closes = false;
	server.is_endless = true;
	expect("TCP-ECV", &conf, STR("x"), false, "the answer is too long");
	conf.response_timeout_ms = 50;
	server.is_endless = false;
	expect("TCP-ECV", &conf, STR("ping"), false, "no answer within 50 ms");
	socket_close(loop_unwatch(&loop, &server.listener));
	expect("SMTP", &conf, STR(""), false, "connection refused");
}

/* Nobody listens on UDP at a port where TCP has just been: the host says so. */
static void test_udp(void **state)
{
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	conf.texts[MONITOR_TEXT_SEND] = STR("x");
	expect("UDP-ECV", &conf, STR(""), false, "connection refused");
}

#define test_on_loop(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { test_on_loop(test_tcp), test_on_loop(test_udp) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
