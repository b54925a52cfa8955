/* SPDX-License-Identifier: Apache-2.0
 * Every client is accepted once; out of descriptors the listener pauses, says so once, does not
 * spin, and goes on by itself.
 */
#include "conn/listener.h"
#include "os/limits.h"
#include "os/socket.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS_MOST = 300 };

static struct engine *engine;
static struct listener listener;
static struct address at;
static int listening;
static int accepted_fds[CLIENTS_MOST];
static size_t accepted_count;
static unsigned expected; /* of the clients, said at the one before */
static struct timer wake;

static void on_accepted(struct listener *it, int fd, const struct address *peer, unsigned following)
{
	must(it->owner == &accepted_count && address_port(peer) != 0);
	must(accepted_count < CLIENTS_MOST);
	must(expected == 0 || following == expected - 1);
	expected = following;
	accepted_fds[accepted_count++] = fd;
}

static void tick(struct timer *timer)
{
	timer_arm(&engine->loop.timers, timer, engine->loop.now_ms + 10);
}

static int set_up(void **state)
{
	(void)state;
	accepted_count = 0;
	expected = 0;
	engine = aligned_alloc(_Alignof(struct engine), sizeof(*engine));
	memset(engine, 0, sizeof(*engine));
	if (engine_init(engine, 0, -1, NULL, 1 << 20) != 0)
		return -1;
	engine_enter(engine);
	timer_init(&wake, tick); /* turns end without an event, too */
	timer_arm(&engine->loop.timers, &wake, engine->loop.now_ms);
	must(address_parse(STR("127.0.0.1"), 0, &at));
	listening = socket_listen(&at);
	if (listening < 0 || socket_local(listening, &at) != 0)
		return -1;
	return listener_open(&listener, engine, listening, on_accepted, &accepted_count);
}

static int tear_down(void **state)
{
	(void)state;
	listener_close(&listener);
	listener_close(&listener);
	socket_close(listening); /* it was left open for us */
	while (accepted_count > 0)
		socket_close(accepted_fds[--accepted_count]);
	timer_cancel(&engine->loop.timers, &wake);
	engine_enter(NULL);
	engine_fini(engine);
	free(engine);
	return 0;
}

static void connect_clients(int *clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pollfd one;

		clients[i] = socket_connect(&at, NULL);
		assert_true(clients[i] >= 0);
		one = (struct pollfd){ .fd = clients[i], .events = POLLOUT };
		assert_int_equal(poll(&one, 1, 20000), 1);
	}
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		socket_close(fds[i]);
}

static void test_batches(void **state)
{
	int clients[3 * LISTENER_BATCH];
	size_t most = 0;

	(void)state;
	connect_clients(clients, 3 * LISTENER_BATCH);
	while (accepted_count < 3 * LISTENER_BATCH) {
		size_t before = accepted_count;

		loop_turn(&engine->loop);
		if (accepted_count - before > most)
			most = accepted_count - before;
	}
	assert_int_equal(most, LISTENER_BATCH);
	close_all(clients, 3 * LISTENER_BATCH);
}

static bool next_message(struct message *message)
{
	return mailbox_take(&engine->outbox, message);
}

static void test_out_of_descriptors(void **state)
{
	int clients[10], next_free;
	struct message message;
	uint64_t turns;

	(void)state;
	connect_clients(clients, 10);
	next_free = clients[9] + 1;
	must(limits_set_descriptors((uint64_t)next_free + 3) == 0);
	while (!listener_is_paused(&listener))
		loop_turn(&engine->loop);
	assert_int_equal(accepted_count, 3);
	assert_true(next_message(&message));
	assert_int_equal(message.kind, MESSAGE_ACCEPT_PAUSED);
	assert_int_equal(message.number, EMFILE);
	/* Half a second of the loop's time: a turn for each tick and retry, not for each look. */
	turns = engine->loop.turns;
	for (uint64_t end = engine->loop.now_ms + 500; engine->loop.now_ms < end;)
		loop_turn(&engine->loop);
	assert_in_range(engine->loop.turns - turns, 1, 200);
	assert_int_equal(accepted_count, 3);
	assert_false(next_message(&message));
	must(limits_raise_descriptors() > 0);
	while (accepted_count < 10)
		loop_turn(&engine->loop);
	assert_false(listener_is_paused(&listener));
	assert_true(next_message(&message));
	assert_int_equal(message.kind, MESSAGE_ACCEPT_PAUSED);
	assert_int_equal(message.number, 0);
	assert_false(next_message(&message));
	close_all(clients, 10);
}

/* Closed in a pause, it says that the pause is over, and the timer is gone. */
static void test_close_while_paused(void **state)
{
	int client, next_free;
	struct message message;

	(void)state;
	connect_clients(&client, 1);
	next_free = dup(0);
	close(next_free);
	must(limits_set_descriptors((uint64_t)next_free) == 0);
	while (!listener_is_paused(&listener))
		loop_turn(&engine->loop);
	listener_close(&listener);
	must(limits_raise_descriptors() > 0);
	assert_false(listener_is_paused(&listener) || listener_is_open(&listener));
	assert_true(next_message(&message) && message.number == EMFILE);
	assert_true(next_message(&message) && message.number == 0);
	loop_turn(&engine->loop);
	assert_int_equal(accepted_count, 0);
	socket_close(client);
}

#define test_on_engine(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_engine(test_batches),
		test_on_engine(test_out_of_descriptors),
		test_on_engine(test_close_while_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
