/* SPDX-License-Identifier: Apache-2.0
 * A plug's socket goes from server to server: each sees a connection of its own and its end, and
 * nothing of one connection is left in the next.
 */
#include "monitor/plug.h"

#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;
static struct plugs plugs;
static struct server servers[2];

/* Who has plugged in. */
struct owner {
	unsigned events, heard;
};

static void ready(void *owner, unsigned events)
{
	((struct owner *)owner)->events |= events;
	((struct owner *)owner)->heard++;
}

static int setup(void **state)
{
	(void)state;
	must(loop_init(&loop) == 0);
	plug_pool_init(&plugs, &loop, ready);
	server_init(&servers[0], &loop);
	server_init(&servers[1], &loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_close(&servers[0]);
	server_close(&servers[1]);
	plug_pool_fini(&plugs);
	loop_fini(&loop);
	return 0;
}

static struct plug *plug_in_to(const struct server *server, struct owner *owner)
{
	struct plug *plug;

	*owner = (struct owner){ 0 };
	assert_int_equal(plug_in(&plugs, &server->at, owner, &plug), 0);
	assert_int_equal(owner->heard, 0);
	return plug;
}

static void run_until(const struct owner *owner, unsigned events)
{
	while ((owner->events & events) != events)
		loop_turn(&loop);
}

static void test_goes_from_server_to_server(void **state)
{
	struct owner owner;
	struct plug *plug = plug_in_to(&servers[0], &owner);
	int fd = plug->watch.fd;

	(void)state;
	run_until(&owner, LOOP_WRITE);
	assert_false(owner.events & LOOP_BROKEN);
	plug_out(plug);
	plug = plug_in_to(&servers[1], &owner);
	assert_int_equal(plug->watch.fd, fd);
	run_until(&owner, LOOP_WRITE);
	assert_false(owner.events & LOOP_BROKEN);
	while (servers[0].taken < 1 || servers[1].taken < 1)
		loop_turn(&loop);
	plug_out(plug);
	assert_int_equal(plugs.idle_count[0], 1);
}

/* The server's client slot is closed when it reads the end. */
static void test_server_sees_the_end(void **state)
{
	struct owner owner;
	struct plug *plug;

	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned taken = servers[0].taken;

		plug = plug_in_to(&servers[0], &owner);
		while (servers[0].taken == taken)
			loop_turn(&loop);
		if (i == 0)
			plug_out(plug);
		else
			plug_close(plug);
		while (servers[0].clients[taken].watch.fd >= 0)
			loop_turn(&loop);
	}
	assert_int_equal(plugs.idle_count[0], 0);
}

/* What the first server said is not heard from the second. */
static void test_nothing_is_left(void **state)
{
	struct owner owner;
	struct plug *plug;
	struct iovec word = { (void *)(uintptr_t) "\r\n\r\n", 4 };
	char heard[16];

	(void)state;
	servers[0].answer = STR("secret");
	plug = plug_in_to(&servers[0], &owner);
	run_until(&owner, LOOP_WRITE);
	assert_int_equal(socket_write(plug->watch.fd, &word, 1), 4);
	run_until(&owner, LOOP_READ);
	plug_out(plug);
	plug = plug_in_to(&servers[1], &owner);
	run_until(&owner, LOOP_WRITE);
	assert_int_equal(socket_read(plug->watch.fd, heard, sizeof(heard)), -EAGAIN);
	plug_out(plug);
}

static void test_refused_and_then_taken(void **state)
{
	struct owner owner;
	struct server gone;
	struct plug *plug;

	(void)state;
	server_init(&gone, &loop);
	server_close(&gone);
	plug = plug_in_to(&gone, &owner);
	run_until(&owner, LOOP_BROKEN);
	assert_int_equal(socket_connect_result(plug->watch.fd), -ECONNREFUSED);
	plug_out(plug);
	plug = plug_in_to(&servers[0], &owner);
	run_until(&owner, LOOP_WRITE);
	assert_false(owner.events & LOOP_BROKEN);
	plug_out(plug);
}

/* Nobody is told of what happens to a plug that is idle. */
static void test_idle_is_silent(void **state)
{
	struct owner owner;
	struct plug *plug = plug_in_to(&servers[0], &owner);
	unsigned heard;

	(void)state;
	run_until(&owner, LOOP_WRITE);
	plug_out(plug);
	heard = owner.heard;
	while (servers[0].taken == 0 || servers[0].clients[0].watch.fd >= 0)
		loop_turn(&loop);
	assert_int_equal(owner.heard, heard);
}

/* As many as are in use at once; no more than a bound are kept. */
static void test_idle_are_bounded(void **state)
{
	static struct plug *many[PLUGS_IDLE_MAX + 2];
	struct owner owner;
	struct server silent;

	(void)state;
	server_init(&silent, &loop);
	for (size_t i = 0; i < PLUGS_IDLE_MAX + 2; i++)
		many[i] = plug_in_to(&silent, &owner);
	socket_close(loop_unwatch(&loop, &silent.listener));
	for (size_t i = 0; i < PLUGS_IDLE_MAX + 2; i++)
		plug_out(many[i]);
	assert_int_equal(plugs.idle_count[0], PLUGS_IDLE_MAX);
	server_close(&silent);
}

static void test_who_suits(void **state)
{
	static const struct {
		const char *text;
		bool suits;
	} rows[] = { { "192.0.2.1", true },
		     { "2001:db8::1", true },
		     { "fe80::1", false },
		     { "::ffff:192.0.2.1", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address;

		assert_true(address_parse(str_of(rows[i].text), 80, &address));
		assert_int_equal(plug_suits(&address), rows[i].suits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_goes_from_server_to_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_server_sees_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_and_then_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_are_bounded, setup, teardown),
		cmocka_unit_test(test_who_suits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
