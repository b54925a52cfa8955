/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/relay.h"

enum {
	READ_BYTES = 64 * 1024,
	ROUNDS_MAX = 8 /* reads of one direction in one run, so that bulk does not hold up others */
};

static void init_half(struct relay_half *half, struct relay_half *other, struct conn *conn,
		      struct stat_number *bytes_read, struct stat_number *bytes_written)
{
	*half = (struct relay_half){ .conn = conn,
				     .other = other,
				     .bytes_read = bytes_read,
				     .bytes_written = bytes_written };
}

void relay_init(struct relay *relay, struct engine *engine, struct conn *client,
		struct conn *server, struct stat_vserver *vserver, struct stat_service *service)
{
	must_be_on(engine);
	relay->engine = engine;
	relay->active_ms = engine->loop.now_ms;
	relay->has_server_ended = false;
	relay->has_spoken = false;
	relay->asked_ms = (uint32_t)relay->active_ms;
	relay->stats = service;
	init_half(&relay->client, &relay->server, client, &vserver->bytes_in, &vserver->bytes_out);
	init_half(&relay->server, &relay->client, server, &service->bytes_in, &service->bytes_out);
}

void relay_preload(struct relay_half *from, struct buffer *buffer)
{
	must(from->buffer == NULL);
	from->buffer = buffer;
}

static enum relay_result broken(const struct relay *relay, const struct relay_half *half)
{
	return half == &relay->client ? RELAY_CLIENT_BROKEN : RELAY_SERVER_BROKEN;
}

static void give_buffer(struct relay *relay, struct relay_half *half)
{
	buffer_give(&relay->engine->buffers, half->buffer);
	half->buffer = NULL;
}

/* The time until the server's first byte counts from what the client said last, or from the begin
 * when the server is the first to speak. */
static void count_read(struct relay *relay, const struct relay_half *from, size_t done)
{
	relay->active_ms = relay->engine->loop.now_ms;
	stat_add(from->bytes_read, done);
	if (from != &relay->server)
		return;
	stat_add_packets(&relay->stats->packets_in, done);
	if (relay->has_spoken)
		return;
	relay->has_spoken = true;
	stat_add(&relay->stats->first_bytes, 1);
	stat_add(&relay->stats->first_bytes_ms, (uint32_t)relay->active_ms - relay->asked_ms);
}

static void count_written(struct relay *relay, const struct relay_half *to, size_t done)
{
	relay->active_ms = relay->engine->loop.now_ms;
	stat_add(to->bytes_written, done);
	if (to != &relay->server)
		return;
	stat_add_packets(&relay->stats->packets_out, done);
	relay->asked_ms = (uint32_t)relay->active_ms;
}

/* What waits in the half's buffer to the other end. RELAY_BUSY: all of it is written. */
static enum relay_result flush(struct relay *relay, struct relay_half *from)
{
	struct buffer *buffer = from->buffer;
	struct conn *to = from->other->conn;
	struct iovec part = { buffer_data(buffer), buffer_length(buffer) };
	size_t done = 0;
	enum conn_io io;

	if (!to->can_write)
		return RELAY_WAIT;
	/* The end is known already: it goes in one packet with these bytes. */
	io = from->conn->has_eof ? conn_write_last(to, &part, 1, &done)
				 : conn_write(to, &part, 1, &done);
	buffer->start += (uint32_t)done;
	if (done > 0)
		count_written(relay, from->other, done);
	switch (io) {
	case CONN_DONE:
		buffer->start = buffer->end = 0;
		return RELAY_BUSY;
	case CONN_WAIT:
		return RELAY_WAIT;
	case CONN_EOF:
	case CONN_BROKEN:
		break;
	}
	return broken(relay, from->other);
}

/* RELAY_BUSY: bytes are in the buffer. RELAY_OVER: the end of this direction. */
static enum relay_result fill(struct relay *relay, struct relay_half *from)
{
	struct buffer *buffer;
	size_t done = 0;

	if (from->conn->has_eof)
		return RELAY_OVER;
	if (!from->conn->can_read && from->conn->error == 0)
		return RELAY_WAIT;
	if (from->buffer == NULL)
		from->buffer = buffer_take(&relay->engine->buffers, READ_BYTES);
	buffer = from->buffer;
	if (buffer == NULL)
		return RELAY_STARVED;
	switch (conn_read(from->conn, buffer->bytes, buffer->room, &done)) {
	case CONN_DONE:
		buffer->start = 0;
		buffer->end = (uint32_t)done;
		from->is_bulk = done == buffer->room;
		count_read(relay, from, done);
		return RELAY_BUSY;
	case CONN_WAIT:
		return RELAY_WAIT;
	case CONN_EOF:
		return RELAY_OVER;
	case CONN_BROKEN:
		break;
	}
	return broken(relay, from);
}

static void take_tube(struct relay *relay, struct relay_half *from)
{
	from->tube = tube_take(&relay->engine->tubes);
	from->is_bulk = from->tube != NULL;
	if (from->tube != NULL)
		give_buffer(relay, from);
}

static void give_tube(struct relay *relay, struct relay_half *from)
{
	tube_give(&relay->engine->tubes, from->tube);
	from->tube = NULL;
	from->is_bulk = false;
}

/* A read has filled a buffer, which is written: more of it may go through a tube. Not when the end
 * is in sight: what comes with the end is looked at. */
static bool wants_tube(const struct relay_half *from)
{
	return from->is_bulk && from->tube == NULL && buffer_length(from->buffer) == 0 &&
	       from->conn->can_read && !from->conn->is_ending;
}

/* What the tube holds, to the other end. RELAY_BUSY: some of it is written. */
static enum relay_result drain(struct relay *relay, struct relay_half *from)
{
	size_t done = 0;
	enum conn_io io = conn_write_tube(from->other->conn, from->tube, &done);

	if (done > 0)
		count_written(relay, from->other, done);
	if (io == CONN_DONE)
		return RELAY_BUSY;
	return io == CONN_WAIT ? RELAY_WAIT : broken(relay, from->other);
}

static enum conn_io fill_tube(struct relay *relay, struct relay_half *from)
{
	size_t done = 0;
	enum conn_io io = conn_read_tube(from->conn, from->tube, &done);

	if (done > 0)
		count_read(relay, from, done);
	return io;
}

/* As ends_now(), for bytes in the tube. */
static bool ends_in_tube(struct relay *relay, struct relay_half *from)
{
	enum conn_io io = CONN_DONE;

	if (from != &relay->server || relay->has_server_ended || !from->conn->is_ending)
		return false;
	while (io == CONN_DONE)
		io = fill_tube(relay, from);
	relay->has_server_ended = io == CONN_EOF;
	return relay->has_server_ended;
}

/* One step through the tube; an empty one is given back when nothing comes, or the end. */
static enum relay_result pass(struct relay *relay, struct relay_half *from)
{
	if (from->tube->bytes > 0)
		return ends_in_tube(relay, from) ? RELAY_SERVER_ENDED : drain(relay, from);
	/* What is the matter when nothing comes, the usual way finds out. */
	if (from->conn->is_ending || fill_tube(relay, from) != CONN_DONE)
		give_tube(relay, from);
	return RELAY_BUSY;
}

/* Reads on behind what the buffer holds. True when the end came with it. */
static bool reads_to_the_end(struct relay *relay, struct relay_half *from)
{
	struct buffer *buffer = from->buffer;
	enum conn_io io = CONN_DONE;
	size_t done = 0;

	while (io == CONN_DONE && buffer_tail_room(buffer) > 0) {
		io = conn_read(from->conn, buffer->bytes + buffer->end, buffer_tail_room(buffer),
			       &done);
		if (io == CONN_DONE) {
			buffer->end += (uint32_t)done;
			count_read(relay, from, done);
		}
	}
	return io == CONN_EOF;
}

/* The server's last bytes and its end are here: a client that has read them may close and come back
 * at once, before we hear of the close. So its use goes back before they are written. */
static bool ends_now(struct relay *relay, struct relay_half *from)
{
	if (from != &relay->server || relay->has_server_ended || !from->conn->is_ending)
		return false;
	relay->has_server_ended = reads_to_the_end(relay, from);
	return relay->has_server_ended;
}

/* All bytes of this direction are written: passes its end on. When the other direction has ended
 * before, closing both says the same. */
static enum relay_result end(struct relay *relay, struct relay_half *from)
{
	give_buffer(relay, from);
	if (from->other->has_ended)
		return RELAY_OVER;
	if (from == &relay->server && !relay->has_server_ended) {
		relay->has_server_ended = true;
		return RELAY_SERVER_ENDED;
	}
	conn_shutdown(from->other->conn);
	from->has_ended = true;
	return RELAY_WAIT;
}

/* One direction, as far as it goes now. */
static enum relay_result move(struct relay *relay, struct relay_half *from)
{
	enum relay_result result = RELAY_WAIT;

	if (from->has_ended)
		return RELAY_WAIT;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (wants_tube(from))
			take_tube(relay, from);
		if (from->tube != NULL)
			result = pass(relay, from);
		else if (buffer_length(from->buffer) > 0)
			result = flush(relay, from);
		else
			result = fill(relay, from);
		if (result == RELAY_BUSY && from->buffer != NULL && ends_now(relay, from))
			return RELAY_SERVER_ENDED;
		if (result == RELAY_BUSY)
			continue;
		if (result == RELAY_OVER)
			return end(relay, from);
		if (buffer_length(from->buffer) == 0)
			give_buffer(relay, from);
		return result;
	}
	return RELAY_BUSY;
}

enum relay_result relay_run(struct relay *relay)
{
	enum relay_result up, down;

	must_be_on(relay->engine);
	if (relay->client.conn->is_broken)
		return RELAY_CLIENT_BROKEN; /* whatever it sent before: it wants no answer */
	up = move(relay, &relay->client);
	if (up >= RELAY_SERVER_ENDED)
		return up;
	down = move(relay, &relay->server);
	return down > up ? down : up;
}

void relay_fini(struct relay *relay)
{
	give_buffer(relay, &relay->client);
	give_buffer(relay, &relay->server);
	give_tube(relay, &relay->client);
	give_tube(relay, &relay->server);
}
