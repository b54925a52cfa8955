/* SPDX-License-Identifier: Apache-2.0
 * lane.h - one direction of an HTTP exchange: bytes that were read and not yet written.
 *
 * The data of its buffer is [ready][raw]: first what is already in the form that the receiver gets
 * and only waits for room in its socket, then what was read and not yet looked at. A lane reads no
 * further while something is ready, so a slow receiver slows its sender, and no direction ever
 * holds more than one buffer. A lane at rest holds the smallest buffer that fits, or none.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "conn/conn.h"
#include "engine/buffer.h"
#include "http/body.h"
#include "http/head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LANE_BULK = 65536, /* read at once when much is coming */
	LANE_HEAD = 16384, /* read at once when a head is expected */
	LANE_SLACK = 768 /* left free when reading: what is written anew may be this much longer */
};

enum lane_result {
	LANE_MOVED,  /* read: some bytes came; written: all is gone */
	LANE_WAIT,   /* the task is marked when that changes */
	LANE_EOF,    /* reading: no more will come */
	LANE_BROKEN, /* the connection is */
	LANE_STARVED /* no buffer is to be had: again in a few milliseconds */
};

/* Owner: the engine. */
struct lane {
	struct buffer *buffer; /* owned; NULL: holds nothing */
	uint32_t ready;        /* bytes at the front of the data that are in the receiver's form */
	bool chunks;           /* the receiver gets the body in chunks */
	struct body body;      /* what is read of the message's body */
};

/* What is written together: `before`, then `data` bytes from the start of the raw ones, then
 * `after`. Afterwards `used` raw bytes are gone; data <= used. */
struct lane_piece {
	struct str before, after; /* borrowed for the call; not inside the lane's buffer */
	size_t data, used;
	bool is_last; /* the end of the connection follows at once */
};

static inline size_t lane_raw_length(const struct lane *lane)
{
	return buffer_length(lane->buffer) - lane->ready;
}

/* Only when lane_raw_length() is not 0. */
static inline char *lane_raw(const struct lane *lane)
{
	return buffer_data(lane->buffer) + lane->ready;
}

/* Forgets the first bytes of the raw ones. */
void lane_skip(struct lane *lane, size_t bytes);

/* Reads once, behind what is there: up to `room` bytes. */
enum lane_result lane_fill(struct lane *lane, struct buffer_pool *pool, struct conn *from,
			   size_t room) MUST_USE;
/* Writes the piece; what the socket does not take becomes ready. LANE_MOVED: all was taken;
 * LANE_WAIT: some is ready now; LANE_BROKEN: the lane is as before, *sent_none says whether the
 * connection took nothing. Nothing is ready before. */
enum lane_result lane_send(struct lane *lane, struct buffer_pool *pool, struct conn *to,
			   const struct lane_piece *piece, bool *sent_none) MUST_USE;
/* Writes what is ready. */
enum lane_result lane_flush(struct lane *lane, struct conn *to) MUST_USE;
/* Before a wait: a smaller buffer when it does, none when it holds nothing. */
void lane_rest(struct lane *lane, struct buffer_pool *pool);
/* Forgets everything. */
void lane_clear(struct lane *lane, struct buffer_pool *pool);

enum lane_cut {
	LANE_PIECE, /* there is something to write, or the body is over */
	LANE_MORE,  /* more must be read first */
	LANE_BAD    /* the body is malformed: fault says why */
};

/* Room for what a piece needs around its data. */
struct lane_frame {
	char *before; /* the head is there already, when before_length is not 0 */
	size_t before_length;
	char *after;             /* LANE_BULK + LANE_SLACK bytes */
	struct h1_field *fields; /* H1_FIELDS_MAX, for the trailers */
	struct head_extra drop;  /* a trailer of this name is not passed on; empty: none */
};

/* Takes the next part of the body off the raw bytes, in place, and frames it for the receiver.
 * body_is_over(&lane->body) afterwards: the piece is the last. */
enum lane_cut lane_next(struct lane *lane, struct lane_frame *frame, struct lane_piece *piece,
			struct h1_fault *fault) MUST_USE;
