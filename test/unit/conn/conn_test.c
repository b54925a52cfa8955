/* SPDX-License-Identifier: Apache-2.0
 * A connection reads all that comes and its end, writes all that fits, and says once what broke;
 * however events and calls fall together, no byte and no end is waited for in vain.
 */
#include "conn/conn.h"
#include "os/socket.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct engine *engine;
static struct address at;
static int listener;

/* A connection of ours and the other end of it, a plain socket of the test. */
struct end {
	struct conn conn;
	struct task task;
	unsigned runs;
	int other;
};

static int set_up(void **state)
{
	(void)state;
	engine = aligned_alloc(_Alignof(struct engine), sizeof(*engine));
	memset(engine, 0, sizeof(*engine));
	if (engine_init(engine, 0, -1, NULL, 1 << 20) != 0)
		return -1;
	engine_enter(engine);
	must(address_parse(STR("127.0.0.1"), 0, &at));
	listener = socket_listen(&at);
	return listener >= 0 ? socket_local(listener, &at) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	socket_close(listener);
	engine_enter(NULL);
	engine_fini(engine);
	free(engine);
	return 0;
}

static void count_run(struct task *task)
{
	list_entry(task, struct end, task)->runs++;
}

static void wait_for(int fd, short events)
{
	struct pollfd one = { .fd = fd, .events = events };

	assert_int_equal(poll(&one, 1, 20000), 1);
}

/* Turns of the loop until the task has run once more. */
static void await(struct end *end)
{
	unsigned runs = end->runs;

	while (end->runs == runs)
		loop_turn(&engine->loop);
}

static void accept_other(struct end *end)
{
	struct address peer;

	wait_for(listener, POLLIN);
	end->other = socket_accept(listener, &peer);
	assert_true(end->other >= 0);
}

static void open_end(struct end *end)
{
	end->runs = 0;
	loop_task_init(&end->task, count_run);
	assert_int_equal(conn_connect(&end->conn, engine, &at, NULL, &end->task), 0);
	assert_true(conn_is_open(&end->conn) && end->conn.is_connecting);
	while (conn_connected(&end->conn) == CONN_WAIT)
		loop_turn(&engine->loop);
	assert_int_equal(conn_connected(&end->conn), CONN_DONE);
	assert_false(end->conn.is_connecting);
	accept_other(end);
}

static void close_end(struct end *end)
{
	loop_unready(&end->task);
	conn_close(&end->conn);
	conn_close(&end->conn);
	if (end->other >= 0)
		socket_close(end->other);
}

static void say(int fd, const char *words)
{
	struct iovec part = { (void *)(uintptr_t)words, strlen(words) };

	assert_int_equal(socket_write(fd, &part, 1), strlen(words));
}

static enum conn_io write_words(struct conn *conn, const char *words, size_t *done)
{
	struct iovec part = { (void *)(uintptr_t)words, strlen(words) };

	return conn_write(conn, &part, 1, done);
}

static void test_talk(void **state)
{
	struct end end;
	char bytes[16];
	size_t done;

	(void)state;
	open_end(&end);
	assert_int_equal(write_words(&end.conn, "hello", &done), CONN_DONE);
	assert_int_equal(done, 5);
	wait_for(end.other, POLLIN);
	assert_int_equal(socket_read(end.other, bytes, sizeof(bytes)), 5);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_WAIT);
	assert_false(end.conn.can_read);
	say(end.other, "answer");
	await(&end);
	assert_true(end.conn.can_read);
	assert_int_equal(conn_read(&end.conn, bytes, 4, &done), CONN_DONE);
	assert_int_equal(done, 4);
	assert_true(end.conn.can_read); /* it was full: there may be more */
	assert_int_equal(conn_read(&end.conn, bytes, 4, &done), CONN_DONE);
	assert_int_equal(done, 2);
	assert_false(end.conn.can_read); /* short: empty */
	close_end(&end);
}

/* Bytes and the end in one event: the short read must not make us wait for an edge that is over. */
static void test_end_right_behind_bytes(void **state)
{
	struct end end;
	char bytes[16];
	size_t done;

	(void)state;
	open_end(&end);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_WAIT);
	say(end.other, "last");
	socket_shutdown_write(end.other);
	while (!end.conn.is_ending)
		loop_turn(&engine->loop);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_DONE);
	assert_int_equal(done, 4);
	assert_true(end.conn.can_read);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_EOF);
	assert_true(end.conn.has_eof);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_EOF);
	/* Our half is still open. */
	assert_int_equal(write_words(&end.conn, "more", &done), CONN_DONE);
	conn_shutdown(&end.conn);
	conn_shutdown(&end.conn);
	wait_for(end.other, POLLIN);
	assert_int_equal(socket_read(end.other, bytes, sizeof(bytes)), 4);
	wait_for(end.other, POLLIN);
	assert_int_equal(socket_read(end.other, bytes, sizeof(bytes)), 0);
	close_end(&end);
}

/* The end alone, after everything was read. */
static void test_end_later(void **state)
{
	struct end end;
	char bytes[16];
	size_t done;

	(void)state;
	open_end(&end);
	say(end.other, "x");
	await(&end);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_DONE);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_WAIT);
	socket_shutdown_write(end.other);
	await(&end);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_EOF);
	close_end(&end);
}

static void test_full_socket(void **state)
{
	enum { PIECE = 1 << 20 };
	struct end end;
	char *bytes = calloc(1, PIECE);
	struct iovec part = { bytes, PIECE };
	size_t done, sent = 0, got = 0;

	(void)state;
	open_end(&end);
	while (conn_write(&end.conn, &part, 1, &done) == CONN_DONE)
		sent += done;
	sent += done;
	assert_false(end.conn.can_write);
	assert_int_equal(conn_write(&end.conn, &part, 1, &done), CONN_WAIT);
	assert_int_equal(done, 0);
	while (got < sent) {
		ssize_t count;

		wait_for(end.other, POLLIN);
		count = socket_read(end.other, bytes, PIECE);
		assert_true(count > 0);
		got += (size_t)count;
	}
	assert_int_equal(got, sent);
	while (!end.conn.can_write)
		await(&end);
	assert_int_equal(write_words(&end.conn, "x", &done), CONN_DONE);
	close_end(&end);
	free(bytes);
}

/* A reset behind bytes: the bytes first, then the break, which every call repeats. */
static void test_reset(void **state)
{
	struct end end;
	char bytes[16];
	size_t done;

	(void)state;
	open_end(&end);
	socket_reset_on_close(end.other);
	socket_close(end.other);
	end.other = -1;
	while (!end.conn.is_broken)
		await(&end);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_BROKEN);
	assert_int_equal(end.conn.error, ECONNRESET);
	assert_int_equal(conn_read(&end.conn, bytes, sizeof(bytes), &done), CONN_BROKEN);
	assert_int_equal(write_words(&end.conn, "x", &done), CONN_BROKEN);
	assert_int_equal(done, 0);
	close_end(&end);
}

static void test_our_reset(void **state)
{
	struct end end;
	char bytes[16];

	(void)state;
	open_end(&end);
	conn_reset(&end.conn);
	conn_reset(&end.conn);
	assert_false(conn_is_open(&end.conn));
	wait_for(end.other, POLLIN);
	assert_int_equal(socket_read(end.other, bytes, sizeof(bytes)), -ECONNRESET);
	close_end(&end);
}

static void test_refused(void **state)
{
	struct end end = { .other = -1 };
	struct address nobody;
	int fd, err;

	(void)state;
	must(address_parse(STR("127.0.0.1"), 0, &nobody));
	fd = socket_listen(&nobody);
	must(socket_local(fd, &nobody) == 0);
	socket_close(fd);
	loop_task_init(&end.task, count_run);
	err = conn_connect(&end.conn, engine, &nobody, NULL, &end.task);
	if (err == 0) {
		while (conn_connected(&end.conn) == CONN_WAIT)
			loop_turn(&engine->loop);
		assert_int_equal(conn_connected(&end.conn), CONN_BROKEN);
		err = -end.conn.error;
	}
	assert_int_equal(err, -ECONNREFUSED);
	close_end(&end);
}

/* While it connects nothing can be read or written, and that is no failure. */
static void test_calls_while_connecting(void **state)
{
	struct end end = { .other = -1 };
	char byte;
	size_t done;

	(void)state;
	loop_task_init(&end.task, count_run);
	assert_int_equal(conn_connect(&end.conn, engine, &at, NULL, &end.task), 0);
	assert_int_equal(conn_read(&end.conn, &byte, 1, &done), CONN_WAIT);
	assert_int_equal(write_words(&end.conn, "x", &done), CONN_WAIT);
	close_end(&end);
}

static void test_accepted(void **state)
{
	struct end end = { 0 };
	struct address peer;
	size_t done;
	char byte;

	(void)state;
	end.other = socket_connect(&at, NULL);
	wait_for(listener, POLLIN);
	loop_task_init(&end.task, count_run);
	assert_int_equal(conn_open(&end.conn, engine, socket_accept(listener, &peer), &end.task),
			 0);
	assert_true(end.conn.can_read && end.conn.can_write);
	assert_int_equal(conn_connected(&end.conn), CONN_DONE);
	assert_int_equal(conn_read(&end.conn, &byte, 1, &done), CONN_WAIT);
	assert_int_equal(write_words(&end.conn, "x", &done), CONN_DONE);
	close_end(&end);
	conn_init(&end.conn);
	assert_false(conn_is_open(&end.conn));
	conn_close(&end.conn);
	conn_reset(&end.conn);
}

enum opening { OPEN, OPEN_SILENT, OPEN_LATE };

static void accept_end(struct end *end, enum opening opening)
{
	struct address peer;
	int fd;

	*end = (struct end){ .other = socket_connect(&at, NULL) };
	wait_for(listener, POLLIN);
	loop_task_init(&end->task, count_run);
	fd = socket_accept(listener, &peer);
	if (opening == OPEN_LATE)
		conn_open_late(&end->conn, engine, fd, &end->task);
	else if (opening == OPEN_SILENT)
		assert_int_equal(conn_open_silent(&end->conn, engine, fd, &end->task), 0);
	else
		assert_int_equal(conn_open(&end->conn, engine, fd, &end->task), 0);
}

/* However it was opened: what comes is told, and that a full socket takes more again. */
static void hears_and_is_heard(enum opening opening)
{
	static char bytes[1 << 20];
	struct iovec part = { bytes, sizeof(bytes) };
	enum conn_io io = CONN_DONE;
	struct end end;
	size_t done;

	accept_end(&end, opening);
	assert_int_equal(conn_read(&end.conn, bytes, 1, &done), CONN_WAIT);
	say(end.other, "x");
	await(&end);
	assert_int_equal(conn_read(&end.conn, bytes, 2, &done), CONN_DONE);
	while (io == CONN_DONE)
		io = conn_write(&end.conn, &part, 1, &done);
	assert_int_equal(io, CONN_WAIT);
	assert_false(end.conn.can_write);
	while (!end.conn.can_write) {
		ssize_t got = socket_read(end.other, bytes, sizeof(bytes));

		assert_true(got > 0 || got == -EAGAIN);
		loop_ready(&engine->loop, &end.task); /* the turn does not sleep */
		loop_turn(&engine->loop);
	}
	close_end(&end);
}

static void test_openings(void **state)
{
	(void)state;
	hears_and_is_heard(OPEN);
	hears_and_is_heard(OPEN_SILENT);
	hears_and_is_heard(OPEN_LATE);
}

/* Nobody waits for it, and nevertheless it is told, a little later. */
static void test_late_break(void **state)
{
	struct end end;

	(void)state;
	accept_end(&end, OPEN_LATE);
	socket_reset_on_close(end.other);
	socket_close(end.other);
	end.other = -1;
	await(&end);
	assert_true(end.conn.is_broken);
	close_end(&end);
}

/* The peer has said more, and nobody looks any more: the close resets, but not before the last
 * words have left. */
static void test_last_words_before_a_close(void **state)
{
	struct iovec part = { (void *)(uintptr_t) "last", 4 };
	struct end end;
	char words[8];
	size_t done;

	(void)state;
	open_end(&end);
	say(end.other, "more");
	wait_for(end.conn.watch.fd, POLLIN);
	assert_int_equal(conn_write_last(&end.conn, &part, 1, &done), CONN_DONE);
	loop_unready(&end.task);
	conn_close(&end.conn);
	wait_for(end.other, POLLIN);
	assert_int_equal(socket_read(end.other, words, sizeof(words)), 4);
	assert_memory_equal(words, "last", 4);
	close_end(&end);
}

/* Reads until the end, or until nothing is there; what came. */
static size_t read_all(struct end *end, char *bytes, size_t room, enum conn_io *last)
{
	size_t length = 0, done;

	do {
		*last = conn_read(&end->conn, bytes + length, room - length, &done);
		length += done;
	} while (*last == CONN_DONE);
	return length;
}

/* Urgent bytes are left out, and what follows them is read, with the end behind it and without. */
static void test_urgent_bytes(void **state)
{
	(void)state;
	for (int ends = 0; ends < 2; ends++) {
		struct end end;
		char bytes[16];
		enum conn_io last;
		size_t done;

		open_end(&end);
		while (conn_read(&end.conn, bytes, 1, &done) != CONN_WAIT)
			continue;
		assert_int_equal(send(end.other, "abc", 3, 0), 3);
		assert_int_equal(send(end.other, "!", 1, MSG_OOB), 1);
		assert_int_equal(send(end.other, "def", 3, 0), 3);
		if (ends)
			shutdown(end.other, SHUT_WR);
		while (socket_pending(end.conn.watch.fd) < 3)
			continue;
		await(&end);
		while (ends && !end.conn.is_ending)
			loop_turn(&engine->loop);
		assert_int_equal(read_all(&end, bytes, sizeof(bytes), &last), 6);
		assert_memory_equal(bytes, "abcdef", 6);
		assert_int_equal(last, ends ? CONN_EOF : CONN_WAIT);
		close_end(&end);
	}
}

#define test_on_engine(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_engine(test_talk),         test_on_engine(test_end_right_behind_bytes),
		test_on_engine(test_end_later),    test_on_engine(test_full_socket),
		test_on_engine(test_reset),        test_on_engine(test_our_reset),
		test_on_engine(test_refused),      test_on_engine(test_calls_while_connecting),
		test_on_engine(test_accepted),     test_on_engine(test_openings),
		test_on_engine(test_late_break),   test_on_engine(test_last_words_before_a_close),
		test_on_engine(test_urgent_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
