/* SPDX-License-Identifier: Apache-2.0
 * opening.h - the first bytes of a TCP client, read before a service is chosen: for -lbMethod TOKEN
 * with -dataOffset and -dataLength.
 *
 * A client that is slow, ends early, or lets the server speak first is waited for no longer than
 * OPENING_WAIT_MS; then the choice is made without the token. What was read is kept in a buffer no
 * larger than it needs, and goes to the server before all that comes later.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "conn/conn.h"
#include "engine/buffer.h"
#include "record/stat.h"

#include <stdint.h>

enum {
	OPENING_WAIT_MS = 2000,
	OPENING_BYTES_MAX = 25500 /* of offset and length; less than a buffer holds */
};

enum opening_end {
	OPENING_DONE,    /* all of the token is there */
	OPENING_SHORT,   /* the client ended before it */
	OPENING_WAIT,    /* the connection's task is marked when that changes */
	OPENING_STARVED, /* no buffer is to be had: again in a few milliseconds */
	OPENING_BROKEN   /* the connection is */
};

/* Owner: the engine. Lies in a session. Zero: nothing is asked for. */
struct opening {
	uint32_t offset, length; /* of the token; length 0: none */
	struct buffer *buffer;   /* owned; NULL: nothing was read */
};

static inline bool opening_is_wanted(const struct opening *opening)
{
	return opening->length > 0;
}

/* Reads on, until the token is there. Bytes are counted in `bytes_read`. */
enum opening_end opening_read(struct opening *opening, struct conn *client,
			      struct stat_number *bytes_read) MUST_USE;
/* Borrowed until the next call; empty: it is not there. */
struct str opening_token(const struct opening *opening);
/* The bytes are the caller's; NULL: there are none. */
struct buffer *opening_take(struct opening *opening) MUST_USE;
void opening_fini(struct opening *opening, struct buffer_pool *pool);
