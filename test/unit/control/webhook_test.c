/* SPDX-License-Identifier: Apache-2.0
 * What is posted arrives whole and in order; what cannot be told is dropped, never waited for.
 */
#include "control/webhook.h"

#include "base/address.h"
#include "os/socket.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop loop;
static struct webhook webhook;
static struct timer tick;
static char url[64];
static int listener;

static void on_tick(struct timer *timer)
{
	timer_arm(&loop.timers, timer, loop.now_ms + 1);
}

static int begin(void **state)
{
	struct address address;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	timer_init(&tick, on_tick);
	on_tick(&tick);
	webhook_init(&webhook, &loop);
	assert_true(address_parse(STR("127.0.0.1"), 0, &address));
	listener = socket_listen(&address);
	assert_true(listener >= 0);
	assert_int_equal(socket_local(listener, &address), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook?a=b", address_port(&address));
	return 0;
}

static int finish(void **state)
{
	(void)state;
	webhook_fini(&webhook);
	loop_turn(&loop); /* frees what was closed */
	timer_cancel(&loop.timers, &tick);
	loop_fini(&loop);
	socket_close(listener);
	return 0;
}

/* One request that comes, answered like that; what it said. */
static void serve(const char *answer, char *heard, size_t room)
{
	struct address peer;
	int fd = -1;
	ssize_t count = -1;

	for (unsigned i = 0; i < 5000 && fd < 0; i++) {
		loop_turn(&loop);
		fd = socket_accept(listener, &peer);
	}
	assert_true(fd >= 0);
	for (unsigned i = 0; i < 5000 && count < 0; i++) {
		loop_turn(&loop);
		count = recv(fd, heard, room - 1, MSG_DONTWAIT);
	}
	assert_true(count > 0);
	heard[count] = '\0';
	assert_true(send(fd, answer, strlen(answer), 0) > 0);
	close(fd);
}

static void it_arrives_in_order(void **state)
{
	char heard[4096];

	(void)state;
	assert_true(webhook_post(&webhook, str_of(url), STR("{\"n\": 1}")));
	assert_true(webhook_post(&webhook, str_of(url), STR("{\"n\": 2}")));
	assert_int_equal(webhook.lane_count, 1);
	serve("HTTP/1.1 204 Fine\r\n\r\n", heard, sizeof(heard));
	assert_true(str_starts(str_of(heard), STR("POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")));
	assert_non_null(strstr(heard, "Content-Length: 8\r\n"));
	assert_non_null(strstr(heard, "\r\n\r\n{\"n\": 1}"));
	serve("HTTP/1.1 200 OK\r\n\r\n", heard, sizeof(heard));
	assert_non_null(strstr(heard, "{\"n\": 2}"));
	for (unsigned i = 0; i < 5000 && webhook.sent < 2; i++)
		loop_turn(&loop);
	assert_int_equal(webhook.sent, 2);
	assert_int_equal(webhook.lane_count, 0);
}

/* 500 is no success: the same message comes again. */
static void it_is_tried_again(void **state)
{
	char first[4096], second[4096];

	(void)state;
	assert_true(webhook_post(&webhook, str_of(url), STR("{}")));
	serve("HTTP/1.1 500 No\r\n\r\n", first, sizeof(first));
	serve("HTTP/1.1 200 OK\r\n\r\n", second, sizeof(second));
	assert_string_equal(first, second);
	for (unsigned i = 0; i < 5000 && webhook.sent < 1; i++)
		loop_turn(&loop);
	assert_int_equal(webhook.dropped, 0);
}

static void what_cannot_be_told_is_dropped(void **state)
{
	static char huge[WEBHOOK_BYTES_MAX + 1];

	(void)state;
	memset(huge, 'x', sizeof(huge));
	assert_false(webhook_post(&webhook, str_of(url), (struct str){ huge, sizeof(huge) }));
	assert_false(webhook_post(&webhook, STR("http://somewhere/"), STR("{}")));
	assert_false(webhook_post(&webhook, STR("nonsense"), STR("{}")));
	for (unsigned i = 0; i < WEBHOOK_WAITING; i++)
		assert_true(webhook_post(&webhook, str_of(url), STR("{}")));
	assert_false(webhook_post(&webhook, str_of(url), STR("{}")));
	assert_int_equal(webhook.dropped, 4);
}

static void strings_are_quoted(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	webhook_quote(&text, STR("a\"b\\c\nd\xc3\xa9"));
	assert_string_equal(text.at, "\"a\\\"b\\\\c\\u000ad\xc3\xa9\"");
	text_free(&text);
	/* What is no UTF-8: cut short, too long, a surrogate, beyond the last character. */
	webhook_quote(&text, STR("\xf0\x9f\x98\x80 \xc3 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80"));
	assert_string_equal(text.at, "\"\xf0\x9f\x98\x80 \\ufffd \\ufffd\\ufffd "
				     "\\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\\ufffd\"");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_arrives_in_order, begin, finish),
		cmocka_unit_test_setup_teardown(it_is_tried_again, begin, finish),
		cmocka_unit_test_setup_teardown(what_cannot_be_told_is_dropped, begin, finish),
		cmocka_unit_test(strings_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
