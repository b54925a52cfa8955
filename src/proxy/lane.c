/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/lane.h"

#include <string.h>
#include <sys/uio.h>

void lane_skip(struct lane *lane, size_t bytes)
{
	must(bytes <= lane_raw_length(lane));
	if (bytes == 0)
		return;
	if (lane->ready > 0)
		memmove(buffer_data(lane->buffer) + bytes, buffer_data(lane->buffer), lane->ready);
	lane->buffer->start += (uint32_t)bytes;
}

static bool make_room(struct lane *lane, struct buffer_pool *pool, size_t room)
{
	size_t held = buffer_length(lane->buffer);
	size_t most = LANE_BULK - held;

	if (lane->buffer != NULL && held == 0)
		lane->buffer->start = lane->buffer->end = 0;
	if (lane->buffer != NULL && buffer_tail_room(lane->buffer) >= LANE_SLACK + room / 4)
		return true;
	if (room > most)
		room = most;
	return buffer_reserve(pool, &lane->buffer, room);
}

enum lane_result lane_fill(struct lane *lane, struct buffer_pool *pool, struct conn *from,
			   size_t room)
{
	size_t tail, done = 0;

	if (!from->can_read && !from->has_eof && from->error == 0) {
		conn_await(from);
		return LANE_WAIT;
	}
	if (!make_room(lane, pool, room))
		return LANE_STARVED;
	tail = buffer_tail_room(lane->buffer);
	if (tail <= LANE_SLACK)
		return LANE_STARVED;
	switch (conn_read(from, lane->buffer->bytes + lane->buffer->end, tail - LANE_SLACK,
			  &done)) {
	case CONN_DONE:
		lane->buffer->end += (uint32_t)done;
		return LANE_MOVED;
	case CONN_WAIT:
		return LANE_WAIT;
	case CONN_EOF:
		return LANE_EOF;
	case CONN_BROKEN:
		return LANE_BROKEN;
	}
	must_not_reach();
}

/* What is left of a text after `gone` bytes of the whole went; takes its own part off `gone`. */
static struct str rest_of(struct str text, size_t *gone)
{
	size_t cut = *gone < text.length ? *gone : text.length;

	*gone -= cut;
	/* Without bytes there need be no place that could be moved on. */
	return (struct str){ cut > 0 ? text.at + cut : text.at, text.length - cut };
}

/* Puts what was not written in front of the raw bytes that follow it. What is written anew can be
 * longer than what it stands for, so that the raw bytes must move. */
static bool settle(struct lane *lane, struct buffer_pool *pool, const struct lane_piece *piece,
		   size_t gone)
{
	struct str data = { NULL, piece->data };
	struct str before = rest_of(piece->before, &gone);
	size_t data_gone = gone < piece->data ? gone : piece->data;
	struct str after;
	size_t length, follow;
	char *to;

	gone -= data_gone;
	data.length = piece->data - data_gone;
	after = rest_of(piece->after, &gone);
	length = before.length + data.length + after.length;
	follow = lane_raw_length(lane) - piece->used;
	if (length > piece->used &&
	    (lane->buffer == NULL || buffer_tail_room(lane->buffer) < length - piece->used)) {
		if (!buffer_reserve(pool, &lane->buffer, length - piece->used))
			return false;
	}
	to = buffer_data(lane->buffer);
	data.at = to + data_gone;
	if (length > piece->used) {
		size_t more = length - piece->used;

		memmove(to + piece->used + more, to + piece->used, follow);
		lane->buffer->end += (uint32_t)more;
	} else {
		to += piece->used - length;
		lane->buffer->start += (uint32_t)(piece->used - length);
	}
	if (data.length > 0)
		memmove(to + before.length, data.at, data.length);
	if (before.length > 0)
		memcpy(to, before.at, before.length);
	if (after.length > 0)
		memcpy(to + before.length + data.length, after.at, after.length);
	lane->ready = (uint32_t)length;
	return true;
}

enum { GATHER_MAX = 4096 }; /* cheaper to copy than to have the system collect it */

static int collect(const struct lane *lane, const struct lane_piece *piece, struct iovec parts[3])
{
	int count = 0;

	if (piece->before.length > 0)
		parts[count++] = (struct iovec){ (void *)(uintptr_t)piece->before.at,
						 piece->before.length };
	if (piece->data > 0)
		parts[count++] = (struct iovec){ lane_raw(lane), piece->data };
	if (piece->after.length > 0)
		parts[count++] = (struct iovec){ (void *)(uintptr_t)piece->after.at,
						 piece->after.length };
	return count;
}

/* Small parts become one. */
static int gather(struct iovec parts[3], int count, char together[GATHER_MAX])
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += parts[i].iov_len;
	if (count < 2 || length > GATHER_MAX)
		return count;
	length = 0;
	for (int i = 0; i < count; i++) {
		memcpy(together + length, parts[i].iov_base, parts[i].iov_len);
		length += parts[i].iov_len;
	}
	parts[0] = (struct iovec){ together, length };
	return 1;
}

enum lane_result lane_send(struct lane *lane, struct buffer_pool *pool, struct conn *to,
			   const struct lane_piece *piece, bool *sent_none)
{
	char together[GATHER_MAX];
	struct iovec parts[3];
	enum conn_io io;
	size_t done = 0;
	int count;

	must(lane->ready == 0);
	must(piece->data <= piece->used && piece->used <= lane_raw_length(lane));
	*sent_none = false;
	count = collect(lane, piece, parts);
	if (count == 0) {
		lane_skip(lane, piece->used);
		return LANE_MOVED;
	}
	count = gather(parts, count, together);
	io = piece->is_last ? conn_write_last(to, parts, count, &done)
			    : conn_write(to, parts, count, &done);
	switch (io) {
	case CONN_DONE:
		lane_skip(lane, piece->used);
		return LANE_MOVED;
	case CONN_WAIT:
		return settle(lane, pool, piece, done) ? LANE_WAIT : LANE_BROKEN;
	case CONN_EOF:
	case CONN_BROKEN:
		*sent_none = done == 0;
		return LANE_BROKEN;
	}
	must_not_reach();
}

enum lane_result lane_flush(struct lane *lane, struct conn *to)
{
	struct iovec part;
	enum conn_io io;
	size_t done = 0;

	if (lane->ready == 0)
		return LANE_MOVED;
	part = (struct iovec){ buffer_data(lane->buffer), lane->ready };
	io = conn_write(to, &part, 1, &done);
	must(done <= lane->ready);
	lane->buffer->start += (uint32_t)done;
	lane->ready -= (uint32_t)done;
	if (io == CONN_DONE)
		return LANE_MOVED;
	return io == CONN_WAIT ? LANE_WAIT : LANE_BROKEN;
}

void lane_rest(struct lane *lane, struct buffer_pool *pool)
{
	if (lane->buffer != NULL)
		buffer_shrink(pool, &lane->buffer);
}

void lane_clear(struct lane *lane, struct buffer_pool *pool)
{
	buffer_give(pool, lane->buffer);
	lane->buffer = NULL;
	lane->ready = 0;
}

static void frame_chunk(struct lane_frame *frame, struct lane_piece *piece, size_t *after)
{
	frame->before_length += head_write_chunk(frame->before + frame->before_length, piece->data);
	memcpy(frame->after + *after, "\r\n", 2);
	*after += 2;
}

static void frame_end(struct lane_frame *frame, unsigned field_count, size_t *after)
{
	*after += head_write_trailers(frame->after + *after, frame->fields, field_count,
				      &frame->drop, frame->drop.name.length > 0 ? 1 : 0);
}

/* The trailer section, when that is where the body stands. */
static enum h1_result read_trailers(struct lane *lane, struct lane_frame *frame,
				    struct lane_piece *piece, unsigned *field_count,
				    struct h1_fault *fault)
{
	size_t length = lane_raw_length(lane) - piece->used, used = 0;
	enum h1_result result;

	if (lane->body.state != BODY_TRAILERS)
		return H1_DONE;
	result = body_trailers(&lane->body, length > 0 ? lane_raw(lane) + piece->used : "", length,
			       &used, frame->fields, H1_FIELDS_MAX, field_count, fault);
	piece->used += used;
	return result;
}

enum lane_cut lane_next(struct lane *lane, struct lane_frame *frame, struct lane_piece *piece,
			struct h1_fault *fault)
{
	unsigned field_count = 0;
	size_t after = 0;

	must(lane->ready == 0);
	*piece = (struct lane_piece){ .used = 0 };
	if (lane->body.state == BODY_DATA && lane_raw_length(lane) > 0)
		body_read(&lane->body, lane_raw(lane), lane_raw_length(lane), &piece->used,
			  &piece->data, fault);
	if (lane->body.state == BODY_BAD ||
	    read_trailers(lane, frame, piece, &field_count, fault) == H1_BAD)
		return LANE_BAD;
	if (lane->chunks && piece->data > 0)
		frame_chunk(frame, piece, &after);
	if (lane->chunks && body_is_over(&lane->body))
		frame_end(frame, field_count, &after);
	piece->before = (struct str){ frame->before, frame->before_length };
	piece->after = (struct str){ frame->after, after };
	return piece->used > 0 || frame->before_length > 0 || body_is_over(&lane->body) ? LANE_PIECE
											: LANE_MORE;
}
