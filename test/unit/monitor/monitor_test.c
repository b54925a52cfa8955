/* SPDX-License-Identifier: Apache-2.0
 * A state changes after the row of outcomes that the configuration asks for, is told once, and the
 * pauses between probes are those of the state.
 */
#include "monitor/monitor.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct loop loop;
static struct server server;
static struct monitor *monitor;
static unsigned changes, ups;
static char reason[128];
static bool frees_itself;

static int set_up(void **state)
{
	(void)state;
	changes = ups = 0;
	frees_itself = false;
	monitor = NULL;
	must(loop_init(&loop) == 0);
	server_init(&server, &loop);
	server.answer = STR("HTTP/1.1 200 OK\r\n\r\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	monitor_free(monitor);
	server_close(&server);
	loop_fini(&loop);
	return 0;
}

static void changed(struct monitor *it, bool is_up, const char *text)
{
	struct monitor_view view;

	must(monitor_owner(it) == &changes);
	monitor_look(it, &view);
	must(view.state == (is_up ? MONITOR_UP : MONITOR_DOWN) && view.last == text);
	changes++;
	ups += is_up;
	snprintf(reason, sizeof(reason), "%s", text);
	if (frees_itself) {
		monitor_free(it);
		monitor = NULL;
	}
}

static struct monitor_conf quick(const char *kind)
{
	struct monitor_conf conf = monitor_conf_default();

	conf.name = STR("m1");
	conf.kind = str_of(kind);
	conf.interval_ms = 20;
	conf.down_time_ms = 40;
	return conf;
}

static void begin(const struct monitor_conf *conf, enum monitor_state known)
{
	monitor = monitor_new(&loop, conf, &server.at, known, changed, &changes);
}

static struct monitor_view look(void)
{
	struct monitor_view view;

	monitor_look(monitor, &view);
	return view;
}

/* Until that many probes have come to an end. */
static void run_probes(uint64_t count)
{
	uint64_t until = look().sent + count;

	while (look().sent < until + 1)
		loop_turn(&loop);
}

static void await_changes(unsigned count)
{
	while (changes < count)
		loop_turn(&loop);
}

static void test_first_probe_decides(void **state)
{
	struct monitor_conf conf = quick("http");

	(void)state;
	begin(&conf, MONITOR_UNKNOWN);
	assert_int_equal(changes, 0);
	assert_string_equal(look().last, "");
	await_changes(1);
	assert_int_equal(ups, 1);
	assert_string_equal(reason, "HTTP status 200");
	assert_string_equal(look().kind, "HTTP");
	assert_true(look().last_was_good && look().response_us > 0 && look().since_wall_ms > 0);
	monitor_free(monitor);
	server.answer = STR("HTTP/1.1 500 No\r\n\r\n");
	begin(&conf, MONITOR_UNKNOWN);
	await_changes(2);
	assert_int_equal(ups, 1);
	assert_string_equal(reason, "HTTP status 500, expected 200");
	assert_int_equal(look().failed_in_a_row, 1);
}

static void test_down_after_retries_and_up_again(void **state)
{
	struct monitor_conf conf = quick("TCP");

	(void)state;
	conf.success_retries = 2;
	begin(&conf, MONITOR_UP);
	run_probes(3);
	assert_int_equal(changes, 0);
	server_close(&server);
	await_changes(1);
	assert_int_equal(ups, 0);
	assert_int_equal(look().failed, 3);
	assert_string_equal(reason, "connection refused");
	server_open(&server);
	await_changes(2);
	assert_int_equal(ups, 1);
	assert_int_equal(look().failed_in_a_row, 0);
	assert_int_equal(server.taken % SERVER_CLIENTS, server.taken);
}

/* Two of the last four: good ones in between do not help. */
static void test_failure_retries(void **state)
{
	struct monitor_conf conf = quick("HTTP");

	(void)state;
	conf.retries = 4;
	conf.failure_retries = 2;
	begin(&conf, MONITOR_UP);
	server.answer = STR("HTTP/1.1 500 No\r\n\r\n");
	while (look().failed < 1)
		loop_turn(&loop);
	server.answer = STR("HTTP/1.1 200 OK\r\n\r\n");
	while (!look().last_was_good)
		loop_turn(&loop);
	assert_int_equal(changes, 0);
	server.answer = STR("HTTP/1.1 500 No\r\n\r\n");
	await_changes(1);
	assert_int_equal(ups, 0);
	assert_int_equal(look().failed, 2);
}

static void test_reverse(void **state)
{
	struct monitor_conf conf = quick("TCP");

	(void)state;
	conf.is_reverse = true;
	begin(&conf, MONITOR_UNKNOWN);
	await_changes(1);
	assert_int_equal(ups, 0);
	assert_string_equal(reason, "connected (reverse)");
	server_close(&server);
	await_changes(2);
	assert_int_equal(ups, 1);
}

static void test_destination(void **state)
{
	struct monitor_conf conf = quick("TCP");
	struct address service;

	(void)state;
	must(address_parse(STR("192.0.2.1"), 1, &service));
	conf.has_destination = true;
	conf.destination = server.at;
	conf.destination_port = address_port(&server.at);
	monitor = monitor_new(&loop, &conf, &service, MONITOR_UNKNOWN, changed, &changes);
	await_changes(1);
	assert_int_equal(ups, 1);
}

static void test_request(void **state)
{
	struct monitor_conf conf = quick("HTTP");
	char expected[256], host[ADDRESS_TEXT_MAX];

	(void)state;
	begin(&conf, MONITOR_UNKNOWN);
	await_changes(1);
	snprintf(expected, sizeof(expected),
		 "HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: spillway\r\nConnection: close\r\n\r\n",
		 address_print(&server.at, host));
	assert_string_equal(server.heard, expected);
	monitor_free(monitor);
	conf.http_request = STR("GET /health");
	conf.custom_headers = STR("X-A: 1\r\nhost: www.example.com");
	begin(&conf, MONITOR_UNKNOWN);
	await_changes(2);
	assert_string_equal(server.heard,
			    "GET /health HTTP/1.1\r\nX-A: 1\r\nhost: www.example.com\r\n"
			    "User-Agent: spillway\r\nConnection: close\r\n\r\n");
}

static void test_disabled_is_silent(void **state)
{
	struct monitor_conf conf = quick("TCP");

	(void)state;
	conf.is_enabled = false;
	begin(&conf, MONITOR_UNKNOWN);
	assert_true(timer_next(&loop.timers) == TIMER_NEVER);
}

static void test_freed_in_its_callback_and_in_a_probe(void **state)
{
	struct monitor_conf conf = quick("HTTP");

	(void)state;
	frees_itself = true;
	begin(&conf, MONITOR_UNKNOWN);
	await_changes(1);
	loop_turn(&loop);
	assert_null(monitor);
	server.answer = STR("");
	begin(&conf, MONITOR_UNKNOWN);
	while (look().sent == 0)
		loop_turn(&loop);
	monitor_free(monitor);
	monitor = NULL;
	loop_turn(&loop);
	assert_int_equal(changes, 1);
}

/* First probes of known services do not go out all at once. */
static void test_spread(void **state)
{
	enum { COUNT = 50 };
	struct monitor_conf conf = quick("TCP");
	struct monitor *many[COUNT];
	char names[COUNT][8];
	uint64_t begun = loop.now_ms;
	unsigned sent = 0;

	(void)state;
	conf.interval_ms = 100000;
	for (int i = 0; i < COUNT; i++) {
		conf.name = (struct str){ names[i],
					  (size_t)snprintf(names[i], sizeof(names[i]), "m%d", i) };
		many[i] = monitor_new(&loop, &conf, &server.at, MONITOR_UP, changed, &changes);
	}
	timer_run(&loop.timers, begun + 10000);
	for (int i = 0; i < COUNT; i++) {
		struct monitor_view view;

		monitor_look(many[i], &view);
		sent += view.sent > 0;
		monitor_free(many[i]);
	}
	assert_in_range(sent, COUNT / 10 - 2, COUNT / 10 + 2);
}

/* The first probes of what is not known come at once; the next ones are spread. */
static void test_spread_of_the_second(void **state)
{
	enum { COUNT = 20 };
	struct monitor_conf conf = quick("TCP");
	struct monitor *many[COUNT];
	struct monitor_view view;
	unsigned sent = 0;

	(void)state;
	conf.interval_ms = 100000;
	for (int i = 0; i < COUNT; i++)
		many[i] = monitor_new(&loop, &conf, &server.at, MONITOR_UNKNOWN, changed, &changes);
	while (changes < COUNT)
		loop_turn(&loop);
	timer_run(&loop.timers, loop.now_ms + 50000);
	for (int i = 0; i < COUNT; i++) {
		monitor_look(many[i], &view);
		assert_in_range(view.sent, 1, 2);
		sent += (unsigned)view.sent;
		monitor_free(many[i]);
	}
	assert_in_range(sent, COUNT + COUNT / 2 - 2, COUNT + COUNT / 2 + 2);
}

/* As if this thread had stood still until then. */
static void stall_until(uint64_t then_ms)
{
	loop.now_ms = then_ms;
	timer_run(&loop.timers, then_ms);
}

/* Until no probe runs. */
static void await_texts(struct monitor *const *many, int count)
{
	struct monitor_view view;

	for (int i = 0; i < count; i++)
		for (monitor_look(many[i], &view); view.sent > view.learned;
		     monitor_look(many[i], &view))
			loop_turn(&loop);
}

/* What a stall has made late, all at once, is spread again the next time. */
static void test_spread_outlives_a_stall(void **state)
{
	enum { COUNT = 40 };
	struct monitor_conf conf = quick("TCP");
	struct monitor *many[COUNT];
	struct monitor_view view;
	uint64_t begun = loop.now_ms;
	unsigned again = 0;

	(void)state;
	conf.interval_ms = 100000;
	for (int i = 0; i < COUNT; i++)
		many[i] = monitor_new(&loop, &conf, &server.at, MONITOR_UP, changed, &changes);
	stall_until(begun + 50000);
	await_texts(many, COUNT);
	stall_until(begun + 150000);
	await_texts(many, COUNT);
	stall_until(begun + 225000);
	for (int i = 0; i < COUNT; i++) {
		monitor_look(many[i], &view);
		again += view.sent == 3;
		monitor_free(many[i]);
	}
	assert_in_range(again, COUNT / 4 - 2, COUNT / 4 + 2);
}

static struct monitor_live lived;

static void tell_live(const struct monitor *of, struct monitor_live *live)
{
	(void)of;
	*live = lived;
}

/* What clients saw takes the place of probes while it is up. */
static void test_live(void **state)
{
	struct monitor_conf conf = quick("HTTP-INLINE");
	struct monitor_view view;
	uint64_t sent;

	(void)state;
	server.answer = STR("HTTP/1.1 200 OK\r\n\r\n");
	conf.retries = 2;
	conf.down_time_ms = 60000;
	lived = (struct monitor_live){ 5, 5 };
	begin(&conf, MONITOR_UNKNOWN);
	monitor_on_live(monitor, tell_live);
	while (changes < 1)
		loop_turn(&loop);
	monitor_look(monitor, &view);
	assert_int_equal(view.state, MONITOR_UP);
	sent = view.sent;
	lived.good++;
	lived.bad++;
	while (strstr(view.last, "clients had 1 good answers, 1 failures") == NULL) {
		loop_turn(&loop);
		monitor_look(monitor, &view);
	}
	assert_int_equal(view.state, MONITOR_UP);
	assert_in_range(view.sent, sent, sent + 1); /* one may have been on its way */
	while (changes < 2) {
		lived.bad++;
		loop_turn(&loop);
	}
	monitor_look(monitor, &view);
	assert_int_equal(view.state, MONITOR_DOWN);
	assert_non_null(strstr(view.last, "clients had 0 good answers"));
}

/* -action NONE and LOG: failures are counted, and nothing goes down by them; not even at first. */
static void test_action(void **state)
{
	struct monitor_conf conf = quick("HTTP");

	(void)state;
	server.answer = STR("HTTP/1.1 503 Busy\r\n\r\n");
	conf.retries = 2;
	conf.action = MONITOR_ACTION_LOG;
	begin(&conf, MONITOR_UNKNOWN);
	while (look().failed < 5)
		loop_turn(&loop);
	assert_int_equal(look().state, MONITOR_UP);
	assert_true(look().is_held);
	assert_int_equal(changes, 1);
	assert_int_equal(ups, 1);
	server.answer = STR("HTTP/1.1 200 OK\r\n\r\n");
	while (look().failed_in_a_row > 0)
		loop_turn(&loop);
	assert_false(look().is_held);
	assert_int_equal(changes, 1);
}

#define test_on_loop(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* -LRTM DISABLED: it answers, and nothing is learned of how fast. */
static void test_no_learning(void **state)
{
	struct monitor_conf conf = quick("http");

	(void)state;
	conf.learns = false;
	begin(&conf, MONITOR_UNKNOWN);
	run_probes(3);
	assert_true(look().response_us > 0);
	assert_int_equal(look().learned, 0);
	assert_int_equal(look().average_us, 0);
}

/* The next one goes on from what it finds, and its own question is the same only when it is. */
static void test_record(void **state)
{
	struct monitor_conf conf = quick("http"), other = quick("http");
	struct monitor_record kept = { .sent = 100, .failed = 7, .average_us = 50, .learned = 8 };
	struct monitor *second;

	(void)state;
	begin(&conf, MONITOR_UNKNOWN);
	monitor_keep(monitor, &kept);
	assert_int_equal(look().sent, 100);
	run_probes(2);
	assert_int_equal(kept.failed, 7);
	assert_true(kept.sent > 101 && kept.response_us > 0);
	conf.interval_ms = 30;
	second = monitor_new(&loop, &conf, &server.at, MONITOR_UNKNOWN, changed, &changes);
	assert_true(monitor_asks_same(monitor, second));
	monitor_free(second);
	other.http_request = STR("GET /other");
	second = monitor_new(&loop, &other, &server.at, MONITOR_UNKNOWN, changed, &changes);
	assert_false(monitor_asks_same(monitor, second));
	monitor_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_loop(test_first_probe_decides),
		test_on_loop(test_down_after_retries_and_up_again),
		test_on_loop(test_failure_retries),
		test_on_loop(test_reverse),
		test_on_loop(test_destination),
		test_on_loop(test_request),
		test_on_loop(test_disabled_is_silent),
		test_on_loop(test_freed_in_its_callback_and_in_a_probe),
		test_on_loop(test_spread),
		test_on_loop(test_live),
		test_on_loop(test_action),
		test_on_loop(test_spread_of_the_second),
		test_on_loop(test_spread_outlives_a_stall),
		test_on_loop(test_no_learning),
		test_on_loop(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
