/* SPDX-License-Identifier: Apache-2.0
 *
 * What edge-triggered events demand: can_read and can_write may be true without need (a call then
 * says so with EAGAIN), never false without an edge to come. An edge comes when bytes or the end
 * arrive after the socket was seen empty. A short read has seen it empty, so can_read goes; but
 * when the end had arrived before that read, its edge is over already: while is_ending, the next
 * read says that it is the end, without asking. When the end arrives after the read, its own edge
 * follows. From one that sends urgent bytes a read can be short in the midst, so that only the end
 * itself or EAGAIN say that nothing is left.
 */
#include "conn/conn.h"

#include "os/socket.h"

#include <errno.h>

static void on_event(struct watch *watch, unsigned events)
{
	struct conn *conn = list_entry(watch, struct conn, watch);

	must_be_on(conn->engine);
	if ((events & LOOP_READ) && !conn->has_eof)
		conn->can_read = true;
	if (events & LOOP_WRITE)
		conn->can_write = true;
	if (events & LOOP_ENDED)
		conn->is_ending = true;
	if (events & LOOP_BROKEN)
		conn->is_broken = true;
	if (events & LOOP_URGENT)
		conn->is_urgent = true;
	if (conn->task != NULL)
		loop_ready(&conn->engine->loop, conn->task);
}

void conn_init(struct conn *conn)
{
	*conn = (struct conn){ .watch = { .fd = -1, .ready = on_event } };
	list_init(&conn->paced);
}

static void take_over(struct conn *conn, struct engine *engine, int fd, struct task *task)
{
	must_be_on(engine);
	must(fd >= 0);
	conn_init(conn);
	conn->engine = engine;
	conn->task = task;
	conn->can_write = true;
	conn->watch.fd = fd;
}

static int watch(struct conn *conn)
{
	int err = loop_watch(&conn->engine->loop, &conn->watch);

	if (err != 0)
		conn->watch.fd = -1;
	return err;
}

/* An accepted socket takes what is written, nearly always: an event that says so is not asked for
 * before a write was cut short. */
int conn_open_silent(struct conn *conn, struct engine *engine, int fd, struct task *task)
{
	take_over(conn, engine, fd, task);
	conn->watch.is_reader = true;
	return watch(conn);
}

int conn_open(struct conn *conn, struct engine *engine, int fd, struct task *task)
{
	int err = conn_open_silent(conn, engine, fd, task);

	conn->can_read = true;
	return err;
}

void conn_open_late(struct conn *conn, struct engine *engine, int fd, struct task *task)
{
	take_over(conn, engine, fd, task);
	conn->watch.is_reader = true;
	conn->can_read = true;
	loop_watch_later(&engine->loop, &conn->watch);
}

int conn_connect(struct conn *conn, struct engine *engine, const struct address *to,
		 const struct address *source, struct task *task)
{
	int fd = socket_connect(to, source);
	int err;

	if (fd < 0) {
		conn_init(conn);
		return fd;
	}
	take_over(conn, engine, fd, task);
	conn->is_connecting = true;
	conn->can_write = false;
	err = watch(conn);
	if (err != 0)
		socket_close(fd);
	return err;
}

/* Whatever can still be asked of it says the same from now on. */
static enum conn_io break_off(struct conn *conn, int error)
{
	conn->error = error;
	conn->is_broken = true;
	conn->can_read = conn->can_write = false;
	return CONN_BROKEN;
}

/* A peer that said its last word and reset: the word may lie in the socket. */
static enum conn_io break_off_writing(struct conn *conn, int error)
{
	bool can_read = !conn->has_eof;

	(void)break_off(conn, error);
	conn->can_read = can_read;
	return CONN_BROKEN;
}

enum conn_io conn_connected(struct conn *conn)
{
	int err;

	must_be_on(conn->engine);
	must(conn_is_open(conn));
	if (conn->error != 0)
		return CONN_BROKEN;
	if (!conn->is_connecting)
		return CONN_DONE;
	if (!conn->can_write)
		return CONN_WAIT;
	/* A connect that failed is always told as an error event; so without one there is nothing
	 * to ask for. What the server says first brings an edge of its own. */
	err = conn->is_broken ? socket_connect_result(conn->watch.fd) : 0;
	if (err != 0)
		return break_off(conn, -err);
	conn->is_connecting = false;
	return CONN_DONE;
}

/* What cannot be watched is as good as broken. */
static void note_watch(struct conn *conn, int err)
{
	if (err == 0)
		return;
	(void)break_off(conn, -err);
	if (conn->task != NULL)
		loop_ready(&conn->engine->loop, conn->task);
}

void conn_await(struct conn *conn)
{
	if (conn->watch.is_late)
		note_watch(conn, loop_watch_now(&conn->engine->loop, &conn->watch));
}

static enum conn_io await_bytes(struct conn *conn)
{
	conn_await(conn);
	return CONN_WAIT;
}

static enum conn_io await_room(struct conn *conn)
{
	note_watch(conn, loop_watch_writes(&conn->engine->loop, &conn->watch));
	return CONN_WAIT;
}

/* Nothing was read: what that means. */
static enum conn_io read_none(struct conn *conn, ssize_t count)
{
	if (conn->error != 0)
		return break_off(conn, conn->error);
	if (count < 0 && count != -EAGAIN)
		return break_off(conn, (int)-count);
	conn->can_read = false;
	conn->has_eof = count == 0;
	return count == 0 ? CONN_EOF : await_bytes(conn);
}

static bool is_metered(const struct conn *conn)
{
	return conn->meter != NULL && UNLIKELY(conn->engine->meters_on > 0);
}

static size_t allowed(struct conn *conn, size_t room)
{
	return is_metered(conn) ? conn->meter->allow(conn->meter, conn, room) : room;
}

static void note_unused(struct conn *conn, size_t room, ssize_t count)
{
	size_t used = count > 0 ? (size_t)count : 0;

	if (is_metered(conn) && used < room)
		conn->meter->unused(conn->meter, room - used);
}

void conn_unmeter(struct conn *conn)
{
	conn->meter = NULL;
	list_remove(&conn->paced);
}

static void note_short(struct conn *conn)
{
	if (conn->is_urgent || conn->error != 0)
		return;
	if (conn->is_ending)
		conn->is_drained = true;
	else
		conn->can_read = false;
}

enum conn_io conn_read(struct conn *conn, void *bytes, size_t room, size_t *done)
{
	ssize_t count;

	must_be_on(conn->engine);
	must(conn_is_open(conn) && room > 0);
	*done = 0;
	if (conn->error != 0 && !conn->can_read)
		return CONN_BROKEN;
	if (conn->has_eof)
		return CONN_EOF;
	if (conn->is_connecting || !conn->can_read)
		return await_bytes(conn);
	if (conn->is_drained && !conn->is_broken && conn->error == 0)
		return read_none(conn, 0);
	room = allowed(conn, room);
	if (room == 0)
		return CONN_WAIT; /* can_read stays: the bytes are there */
	count = socket_read(conn->watch.fd, bytes, room);
	note_unused(conn, room, count);
	if (count <= 0)
		return read_none(conn, count);
	if ((size_t)count < room)
		note_short(conn);
	*done = (size_t)count;
	return CONN_DONE;
}

enum conn_io conn_read_tube(struct conn *conn, struct tube *tube, size_t *done)
{
	ssize_t count;
	size_t room;

	must_be_on(conn->engine);
	must(conn_is_open(conn));
	*done = 0;
	if (conn->error != 0 && !conn->can_read)
		return CONN_BROKEN;
	if (conn->has_eof)
		return CONN_EOF;
	if (conn->is_connecting || !conn->can_read)
		return await_bytes(conn);
	room = allowed(conn, TUBE_BYTES);
	if (room == 0)
		return CONN_WAIT;
	count = pipe_fill(&tube->pipe, conn->watch.fd, room);
	note_unused(conn, room, count);
	if (count == -EAGAIN && tube->bytes > 0)
		return CONN_WAIT; /* the socket may hold more */
	if (count <= 0)
		return read_none(conn, count);
	*done = (size_t)count;
	tube->bytes += (size_t)count;
	return CONN_DONE;
}

static size_t total(const struct iovec *parts, int count)
{
	size_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += parts[i].iov_len;
	return sum;
}

static enum conn_io write_parts(struct conn *conn, const struct iovec *parts, int count,
				bool is_last, size_t *done)
{
	ssize_t written;

	must_be_on(conn->engine);
	must(conn_is_open(conn) && !conn->is_shut);
	*done = 0;
	if (conn->error != 0)
		return CONN_BROKEN;
	if (conn->is_connecting || !conn->can_write)
		return await_room(conn);
	written = is_last ? socket_write_last(conn->watch.fd, parts, count)
			  : socket_write(conn->watch.fd, parts, count);
	if (written == -EAGAIN) {
		conn->can_write = false;
		return await_room(conn);
	}
	if (written < 0)
		return break_off_writing(conn, (int)-written);
	*done = (size_t)written;
	if ((size_t)written == total(parts, count))
		return CONN_DONE;
	conn->can_write = false;
	return await_room(conn);
}

enum conn_io conn_write(struct conn *conn, const struct iovec *parts, int count, size_t *done)
{
	return write_parts(conn, parts, count, false, done);
}

enum conn_io conn_write_last(struct conn *conn, const struct iovec *parts, int count, size_t *done)
{
	conn->holds_bytes = true;
	return write_parts(conn, parts, count, true, done);
}

enum conn_io conn_write_tube(struct conn *conn, struct tube *tube, size_t *done)
{
	ssize_t count;

	must_be_on(conn->engine);
	must(conn_is_open(conn) && !conn->is_shut && tube->bytes > 0);
	*done = 0;
	if (conn->error != 0)
		return CONN_BROKEN;
	if (conn->is_connecting || !conn->can_write)
		return await_room(conn);
	count = pipe_drain(&tube->pipe, conn->watch.fd, tube->bytes);
	if (count == -EAGAIN) {
		conn->can_write = false;
		return await_room(conn);
	}
	if (count <= 0)
		return break_off_writing(conn, count < 0 ? (int)-count : EPIPE);
	*done = (size_t)count;
	tube->bytes -= (size_t)count;
	return CONN_DONE;
}

void conn_shutdown(struct conn *conn)
{
	must_be_on(conn->engine);
	if (!conn_is_open(conn) || conn->is_shut)
		return;
	conn->is_shut = true;
	socket_shutdown_write(conn->watch.fd);
}

void conn_close(struct conn *conn)
{
	if (!conn_is_open(conn))
		return;
	must_be_on(conn->engine);
	/* With unread bytes in the socket a close resets at once and drops what it still holds. */
	if (conn->holds_bytes && !conn->is_broken && conn->error == 0)
		conn_shutdown(conn);
	conn_unmeter(conn);
	socket_close(loop_forget(&conn->watch));
	conn->can_read = conn->can_write = false;
}

void conn_reset(struct conn *conn)
{
	if (!conn_is_open(conn))
		return;
	conn->holds_bytes = false;
	socket_reset_on_close(conn->watch.fd);
	conn_close(conn);
}
