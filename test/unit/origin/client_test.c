/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/client.h"

#include "os/socket.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct worker worker;
static struct tally tally;
static struct origin_options options;
static struct address address;

static void start(void)
{
	tally = (struct tally){ .received = 0 };
	assert_true(address_parse(STR("127.0.0.1"), 0, &options.listen));
	assert_int_equal(worker_open(&worker, &options, &options.listen, &tally), 0);
	assert_int_equal(socket_local(worker.listener.fd, &address), 0);
	assert_int_equal(worker_start(&worker), 0);
}

static void stop(void)
{
	worker_stop(&worker);
	worker_close(&worker);
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &address.any, address_length(&address)), 0);
	return fd;
}

static void say_bytes(int fd, const char *bytes, size_t length)
{
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), length);
}

static void say(int fd, const char *text)
{
	say_bytes(fd, text, strlen(text));
}

/* Reads until `text` has come, or the end when it is NULL. */
static char *hear(int fd, const char *text)
{
	static char heard[1 << 16];
	size_t length = 0;

	for (;;) {
		ssize_t count = recv(fd, heard + length, sizeof(heard) - length - 1, 0);

		assert_true(count >= 0);
		length += (size_t)count;
		heard[length] = '\0';
		if (text != NULL && strstr(heard, text) != NULL)
			return heard;
		if (count == 0) {
			if (text != NULL)
				fail_msg("not heard: %s in %s", text, heard);
			return heard;
		}
	}
}

static void ask(const char *request, const char *text)
{
	int fd = dial();

	say(fd, request);
	hear(fd, text);
	close(fd);
}

static void test_answers(void **state)
{
	(void)state;
	options = (struct origin_options){ .name = "alpha" };
	start();
	ask("GET / HTTP/1.1\r\nHost: o\r\n\r\n", "Content-Length: 6\r\n\r\nalpha\n");
	ask("GET /?size=5 HTTP/1.1\r\nHost: o\r\n\r\n", "Content-Length: 5\r\n\r\n01234");
	ask("GET /?status=404 HTTP/1.1\r\nHost: o\r\n\r\n", "HTTP/1.1 404 Not Found\r\n");
	ask("GET /?chunked=1 HTTP/1.1\r\nHost: o\r\n\r\n", "\r\n\r\n6\r\nalpha\n\r\n0\r\n\r\n");
	ask("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n");
	ask("GET /?hold=20 HTTP/1.1\r\nHost: o\r\n\r\n", "alpha\n");
	ask("POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 5\r\n\r\nhello", "X-Received: 5\r\n");
	ask("POST / HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4\r\ndefg\r\n0\r\nA: b\r\n\r\n",
	    "X-Received: 7\r\n");
	ask("POST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 5\r\n\r\nhello",
	    "\r\n\r\nPOST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 5\r\n\r\nhello");
	ask("GET /stats HTTP/1.1\r\nHost: o\r\n\r\n", "\"connections_total\": 8, ");
	stop();
	assert_true(tally.connections.now == 0 && tally.requests.now == 0);
	assert_true(tally.received == 17);
}

static void test_keep_alive_and_close(void **state)
{
	const char *many = "GET / HTTP/1.1\r\nHost: o\r\n\r\n\r\nGET /?status=201 HTTP/1.1\r\n"
			   "Host: o\r\n\r\nGET / HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n"
			   "GET / HTTP/1.1\r\nHost: o\r\n\r\n";

	(void)state;
	options = (struct origin_options){ .name = "alpha" };
	start();

	int fd = dial();

	for (size_t i = 0; i < strlen(many); i++)
		say_bytes(fd, many + i, 1);

	const char *heard = hear(fd, NULL);
	unsigned answers = 0;

	for (const char *at = heard; (at = strstr(at, "HTTP/1.1 20")) != NULL; at++)
		answers++;
	assert_int_equal(answers, 3);
	close(fd);
	stop();
	assert_true(tally.connections.total == 1 && tally.requests.total == 3);
}

static void test_continue(void **state)
{
	int fd;

	(void)state;
	options = (struct origin_options){ .name = "alpha" };
	start();
	fd = dial();
	say(fd, "POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
	hear(fd, "100 Continue\r\n\r\n");
	say(fd, "x");
	hear(fd, "X-Received: 1\r\n");
	close(fd);
	stop();
}

static void test_tunnel(void **state)
{
	int fd;

	(void)state;
	options = (struct origin_options){ .name = "alpha" };
	start();
	fd = dial();
	say(fd, "GET / HTTP/1.1\r\nHost: o\r\nConnection: upgrade\r\nUpgrade: ws\r\n\r\nfirst");
	hear(fd, "Upgrade: ws\r\n\r\nfirst");
	say(fd, "second");
	hear(fd, "second");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd, NULL), "");
	close(fd);
	stop();
	assert_true(tally.requests.now == 0);
}

static void test_tcp(void **state)
{
	int fd;

	(void)state;
	options = (struct origin_options){ .name = "alpha", .is_tcp = true, .greets = true };
	start();
	fd = dial();
	hear(fd, "alpha\n");
	say(fd, "ping");
	hear(fd, "ping");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd, NULL), "");
	close(fd);
	stop();
	assert_true(tally.connections.total == 1 && tally.connections.now == 0);
}

static void test_who_leaves_is_forgotten(void **state)
{
	int fd;

	(void)state;
	options = (struct origin_options){ .name = "alpha", .hold_ms = 3600000 };
	start();
	fd = dial();
	say(fd, "GET / HTTP/1.1\r\nHost: o\r\n\r\n");
	while (atomic_load_explicit(&tally.requests.now, memory_order_relaxed) == 0)
		usleep(1000);
	close(fd);
	while (atomic_load_explicit(&tally.connections.now, memory_order_relaxed) != 0)
		usleep(1000);
	assert_true(tally.requests.now == 0);
	stop();
}

static void test_closed_with_clients(void **state)
{
	int fds[20];

	(void)state;
	options = (struct origin_options){ .name = "alpha" };
	start();
	for (size_t i = 0; i < 20; i++) {
		fds[i] = dial();
		say(fds[i], "GET /?size=10000000 HTTP/1.1\r\nHost: o\r\n\r\n");
		hear(fds[i], "\r\n\r\n");
	}
	stop();
	assert_true(tally.connections.now == 0 && tally.requests.now == 0);
	for (size_t i = 0; i < 20; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_keep_alive_and_close),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_who_leaves_is_forgotten),
		cmocka_unit_test(test_closed_with_clients),
	};

	return cmocka_run_group_tests_name("origin/client", tests, NULL, NULL);
}
