/* SPDX-License-Identifier: Apache-2.0
 * Clients and servers on the loopback meet, talk, close and reset; failures come as -errno and in
 * words.
 */
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int wait_for(int fd, short events)
{
	struct pollfd one = { .fd = fd, .events = events };

	assert_int_equal(poll(&one, 1, 20000), 1);
	return one.revents;
}

static int listen_on(const char *host, struct address *at)
{
	struct address any;
	int fd;

	assert_true(address_parse(str_of(host), 0, &any));
	fd = socket_listen(&any);
	assert_true(fd >= 0);
	assert_int_equal(socket_local(fd, at), 0);
	assert_true(address_port(at) != 0);
	return fd;
}

/* A connected pair: [0] the client's end, [1] the server's. */
static void connect_pair(int listener, const struct address *at, int pair[2])
{
	struct address peer, local;

	pair[0] = socket_connect(at, NULL);
	assert_true(pair[0] >= 0);
	wait_for(pair[0], POLLOUT);
	assert_int_equal(socket_connect_result(pair[0]), 0);
	wait_for(listener, POLLIN);
	pair[1] = socket_accept(listener, &peer);
	assert_true(pair[1] >= 0);
	assert_int_equal(socket_local(pair[0], &local), 0);
	assert_true(address_equal(&peer, &local));
}

static bool has_flags(int fd)
{
	int nodelay = 0;
	socklen_t length = sizeof(nodelay);

	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &length);
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) && nodelay;
}

static void talk(const char *host)
{
	struct address at, peer;
	struct iovec parts[2] = { { (void *)(uintptr_t) "he", 2 },
				  { (void *)(uintptr_t) "llo", 3 } };
	char bytes[16];
	int pair[2], listener = listen_on(host, &at);

	assert_int_equal(socket_accept(listener, &peer), -EAGAIN);
	connect_pair(listener, &at, pair);
	assert_true(has_flags(pair[0]) && has_flags(pair[1]));
	assert_int_equal(socket_read(pair[0], bytes, sizeof(bytes)), -EAGAIN);
	assert_true(socket_is_quiet(pair[0]));
	assert_int_equal(socket_write(pair[1], parts, 2), 5);
	wait_for(pair[0], POLLIN);
	assert_false(socket_is_quiet(pair[0]));
	assert_int_equal(socket_read(pair[0], bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
	socket_shutdown_write(pair[1]);
	wait_for(pair[0], POLLIN);
	assert_false(socket_is_quiet(pair[0]));
	assert_int_equal(socket_read(pair[0], bytes, sizeof(bytes)), 0);
	socket_reset_on_close(pair[0]);
	socket_close(pair[0]);
	wait_for(pair[1], POLLIN);
	assert_int_equal(socket_read(pair[1], bytes, sizeof(bytes)), -ECONNRESET);
	assert_int_equal(socket_write(pair[1], parts, 2), -EPIPE); /* and no signal */
	socket_close(pair[1]);
	socket_close(listener);
}

static void test_v4(void **state)
{
	(void)state;
	talk("127.0.0.1");
}

static void test_v6(void **state)
{
	struct address any;
	int fd;

	(void)state;
	assert_true(address_parse(STR("::1"), 0, &any));
	fd = socket_listen(&any);
	if (fd < 0)
		skip(); /* no IPv6 here */
	socket_close(fd);
	talk("::1");
}

static void test_two_listeners_share_a_port(void **state)
{
	struct address at;
	int one = listen_on("127.0.0.1", &at);
	int two = socket_listen(&at);

	(void)state;
	assert_true(two >= 0);
	socket_close(one);
	socket_close(two);
}

static void test_refused(void **state)
{
	struct address at;
	int fd, err = 0;

	(void)state;
	socket_close(listen_on("127.0.0.1", &at));
	fd = socket_connect(&at, NULL);
	if (fd >= 0) {
		wait_for(fd, POLLOUT);
		err = socket_connect_result(fd);
		socket_close(fd);
	}
	assert_int_equal(fd >= 0 ? err : fd, -ECONNREFUSED);
}

static void test_source(void **state)
{
	struct address at, source, local;
	int fd, listener = listen_on("127.0.0.1", &at);

	(void)state;
	assert_true(address_parse(STR("127.0.0.7"), 0, &source));
	fd = socket_connect(&at, &source);
	assert_true(fd >= 0);
	wait_for(fd, POLLOUT);
	assert_int_equal(socket_local(fd, &local), 0);
	address_set_port(&local, 0);
	assert_true(address_equal(&local, &source));
	socket_close(fd);
	assert_true(address_parse(STR("192.0.2.1"), 0, &source));
	assert_int_equal(socket_connect(&at, &source), -EADDRNOTAVAIL);
	assert_int_equal(socket_listen(&source), -EADDRNOTAVAIL);
	socket_close(listener);
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(socket_error_text(-ECONNREFUSED), "connection refused");
	assert_string_equal(socket_error_text(ECONNREFUSED), "connection refused");
	assert_string_equal(socket_error_text(-100000), "unknown error");
	assert_non_null(socket_error_text(-EISDIR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_two_listeners_share_a_port),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
