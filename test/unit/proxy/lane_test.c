/* SPDX-License-Identifier: Apache-2.0
 *
 * However little the receiver takes at a time, and however the bytes come in, what goes out is the
 * pieces one after the other, whole; what was not looked at stays; memory returns when it is empty.
 */
#include "proxy/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct engine engine;
static struct loop control;
static struct conn from, to;
static struct task task;
static int source, sink;
static uint64_t seed;

static unsigned dice(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % sides);
}

static void ignore(struct task *ignored)
{
	(void)ignored;
}

static int pair(struct conn *conn, int buffer)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(conn_open(conn, &engine, fds[0], &task), 0);
	return fds[1];
}

static int open_all(void **state)
{
	(void)state;
	assert_int_equal(loop_init(&control), 0);
	memset(&engine, 0, sizeof(engine));
	assert_int_equal(engine_init(&engine, 0, -1, &control, 4 << 20), 0);
	engine_enter(&engine);
	task.run = ignore;
	list_init(&task.link);
	source = pair(&from, 1 << 16);
	sink = pair(&to, 4096);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	assert_true(engine.buffers.bytes_out == 0);
	conn_close(&from);
	conn_close(&to);
	close(source);
	close(sink);
	list_remove(&task.link);
	engine_enter(NULL);
	engine_fini(&engine);
	loop_fini(&control);
	return 0;
}

static char got[1 << 20];
static size_t got_length;

/* Takes some of what was written, or all of it. */
static void drain(bool all)
{
	for (;;) {
		size_t room = all ? sizeof(got) - got_length : 1 + dice(3000);
		ssize_t done = recv(sink, got + got_length, room, MSG_DONTWAIT);

		if (done > 0)
			got_length += (size_t)done;
		if (done <= 0 || !all)
			break;
	}
	to.can_write = true;
}

static void finish_ready(struct lane *lane)
{
	while (lane->ready > 0) {
		drain(false);
		if (lane_flush(lane, &to) == LANE_MOVED)
			break;
		lane_rest(lane, &engine.buffers);
	}
}

static void put_in(struct lane *lane, const char *bytes, size_t length)
{
	enum lane_result result;

	assert_int_equal(send(source, bytes, length, 0), (ssize_t)length);
	from.can_read = true;
	result = lane_fill(lane, &engine.buffers, &from, dice(2) != 0 ? LANE_BULK : LANE_HEAD);
	assert_int_equal(result, LANE_MOVED);
}

/* Random pieces of random input, against the same done with plain copies. */
static void pieces_come_out_whole_and_in_order(void **state)
{
	static char want[1 << 20], input[8192], before[2048], after[2048];
	struct lane lane = { .buffer = NULL };
	size_t want_length = 0;

	(void)state;
	seed = 0x9E3779B97F4A7C15u;
	got_length = 0;
	while (want_length < sizeof(want) / 2) {
		struct lane_piece piece = { .before = { before, dice(4) ? 0 : dice(2000) },
					    .after = { after, dice(3) ? 0 : dice(600) } };
		bool sent_none;

		memset(before, 'a' + (int)dice(26), sizeof(before));
		memset(after, 'A' + (int)dice(26), sizeof(after));
		for (size_t i = 0; i < sizeof(input); i++)
			input[i] = (char)dice(256);
		if (lane_raw_length(&lane) < 6000)
			put_in(&lane, input, 1 + dice(sizeof(input)));
		piece.used = 1 + dice((unsigned)lane_raw_length(&lane));
		piece.data = dice((unsigned)piece.used + 1);
		memcpy(want + want_length, before, piece.before.length);
		want_length += piece.before.length;
		memcpy(want + want_length, lane_raw(&lane), piece.data);
		want_length += piece.data;
		memcpy(want + want_length, after, piece.after.length);
		want_length += piece.after.length;
		if (lane_send(&lane, &engine.buffers, &to, &piece, &sent_none) == LANE_WAIT) {
			/* Something is thrown away behind what is ready. */
			if (lane_raw_length(&lane) > 0 && dice(2) != 0)
				lane_skip(&lane, dice((unsigned)lane_raw_length(&lane)));
			lane_rest(&lane, &engine.buffers);
		}
		finish_ready(&lane);
	}
	drain(true);
	assert_int_equal(got_length, want_length);
	assert_memory_equal(got, want, want_length);
	lane_clear(&lane, &engine.buffers);
}

static void a_lane_at_rest_holds_little(void **state)
{
	struct lane lane = { .buffer = NULL };

	(void)state;
	put_in(&lane, "abc", 3);
	lane_rest(&lane, &engine.buffers);
	assert_true(lane.buffer->room == 512);
	lane_skip(&lane, 3);
	lane_rest(&lane, &engine.buffers);
	assert_null(lane.buffer);
	from.can_read = true;
	assert_int_equal(lane_fill(&lane, &engine.buffers, &from, LANE_HEAD), LANE_WAIT);
	lane_rest(&lane, &engine.buffers);
	assert_null(lane.buffer);
	/* Nothing is taken for a read that cannot be. */
	assert_int_equal(lane_fill(&lane, &engine.buffers, &from, LANE_HEAD), LANE_WAIT);
	assert_null(lane.buffer);
}

static void starves_without_memory(void **state)
{
	struct lane lane = { .buffer = NULL };
	size_t most = engine.buffers.bytes_max;

	(void)state;
	assert_int_equal(send(source, "abc", 3, 0), 3);
	from.can_read = true;
	engine.buffers.bytes_max = 0;
	assert_int_equal(lane_fill(&lane, &engine.buffers, &from, LANE_HEAD), LANE_STARVED);
	engine.buffers.bytes_max = most;
	assert_int_equal(lane_fill(&lane, &engine.buffers, &from, LANE_HEAD), LANE_MOVED);
	lane_clear(&lane, &engine.buffers);
}

static void broken_connection_leaves_the_lane(void **state)
{
	struct lane_piece piece = { .before = STR("x"), .data = 3, .used = 3 };
	struct lane lane = { .buffer = NULL };
	bool sent_none = false;

	(void)state;
	put_in(&lane, "abc", 3);
	close(sink);
	sink = dup(source);
	assert_int_equal(lane_send(&lane, &engine.buffers, &to, &piece, &sent_none), LANE_BROKEN);
	assert_true(sent_none);
	assert_int_equal(lane_raw_length(&lane), 3);
	assert_memory_equal(lane_raw(&lane), "abc", 3);
	lane_clear(&lane, &engine.buffers);
}

struct frame_row {
	const char *in;
	enum h1_framing framing;
	uint64_t length;
	bool chunks, is_over;
	const char *out, *left;
};

static void bodies_are_framed_anew(void **state)
{
	static const struct frame_row rows[] = {
		{ "abcdef", H1_LENGTH, 4, false, true, "abcd", "ef" },
		{ "abc", H1_LENGTH, 4, false, false, "abc", "" },
		{ "abc", H1_UNTIL_CLOSE, 0, true, false, "3\r\nabc\r\n", "" },
		{ "abc", H1_UNTIL_CLOSE, 0, false, false, "abc", "" },
		{ "1\r\na\r\n2;x=y\r\nbc\r\n", H1_CHUNKED, 0, true, false, "3\r\nabc\r\n", "" },
		{ "1\r\na\r\n0\r\n\r\nGET", H1_CHUNKED, 0, true, true, "1\r\na\r\n0\r\n\r\n",
		  "GET" },
		{ "0\r\nA: b\r\n\r\n", H1_CHUNKED, 0, true, true, "0\r\nA: b\r\n\r\n", "" },
		{ "1\r\na\r\n0\r\nA: b\r\n\r\n", H1_CHUNKED, 0, false, true, "a", "" },
		{ "1\r\na\r\n0\r\nDrop: b\r\n\r\n", H1_CHUNKED, 0, true, true,
		  "1\r\na\r\n0\r\n\r\n", "" },
		{ "1\r\na\r\n0\r\nA: b", H1_CHUNKED, 0, true, false, "1\r\na\r\n", "A: b" },
	};
	static struct h1_field fields[H1_FIELDS_MAX];
	static char before[256], after[LANE_BULK];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lane_frame frame = { .before = before,
					    .after = after,
					    .fields = fields,
					    .drop = { STR("drop"), { NULL, 0 } } };
		struct lane lane = { .chunks = rows[i].chunks };
		struct lane_piece piece;
		struct h1_fault fault;
		bool sent_none;

		body_begin(&lane.body, rows[i].framing, rows[i].length);
		assert_int_equal(lane_next(&lane, &frame, &piece, &fault), LANE_MORE);
		put_in(&lane, rows[i].in, strlen(rows[i].in));
		assert_int_equal(lane_next(&lane, &frame, &piece, &fault), LANE_PIECE);
		assert_int_equal(lane_send(&lane, &engine.buffers, &to, &piece, &sent_none),
				 LANE_MOVED);
		got_length = 0;
		drain(true);
		got[got_length] = '\0';
		assert_string_equal(got, rows[i].out);
		assert_int_equal(body_is_over(&lane.body), rows[i].is_over);
		assert_int_equal(lane_raw_length(&lane), strlen(rows[i].left));
		if (lane_raw_length(&lane) > 0)
			assert_memory_equal(lane_raw(&lane), rows[i].left, strlen(rows[i].left));
		lane_clear(&lane, &engine.buffers);
	}
}

#define row(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(pieces_come_out_whole_and_in_order),
		row(a_lane_at_rest_holds_little),
		row(starves_without_memory),
		row(broken_connection_leaves_the_lane),
		row(bodies_are_framed_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
