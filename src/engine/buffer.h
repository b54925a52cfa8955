/* SPDX-License-Identifier: Apache-2.0
 * buffer.h - the bytes of a connection that are between its two ends.
 *
 * Buffers come in four sizes from slabs of the engine. A connection has one only while it holds
 * bytes: an idle one has none, and one that keeps a few bytes keeps a small one, so that a client
 * cannot make us use many times what it sent. With POISON, fresh bytes are filled with a pattern.
 */
#pragma once

#include "base/check.h"
#include "base/slab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BUFFER_CLASSES = 4 }; /* room of 512 B, 4 KiB, 16 KiB, 64 KiB */

/* Owner: one engine. */
struct buffer {
	uint32_t start, end; /* data is bytes[start..end) */
	uint32_t room;       /* size of bytes[] */
	uint32_t class_index;
	char bytes[];
};

struct buffer_pool {
	struct slab slabs[BUFFER_CLASSES]; /* each keeps what it once had, for the next peak */
	size_t bytes_max;
	size_t bytes_out; /* size of all buffers that are out */
};

/* `bytes_max`: a bound on the size of all buffers that are out; beyond it a take is refused. */
void buffer_pool_init(struct buffer_pool *pool, size_t bytes_max);
void buffer_pool_fini(struct buffer_pool *pool);

/* The smallest class with at least `room` bytes; NULL: refused. room is at most 64 KiB. */
struct buffer *buffer_take(struct buffer_pool *pool, size_t room) MUST_USE;
void buffer_give(struct buffer_pool *pool, struct buffer *buffer); /* NULL is allowed */
/* Moves the data into the smallest class that holds it, when that is smaller; gives an empty
 * buffer back and sets *buffer to NULL. Never fails: without room elsewhere it stays. */
void buffer_shrink(struct buffer_pool *pool, struct buffer **buffer);
/* Room of at least `room` bytes behind the data, moving the data to the front or into a larger
 * class. False when it cannot be had: nothing changed. */
bool buffer_reserve(struct buffer_pool *pool, struct buffer **buffer, size_t room) MUST_USE;

static inline size_t buffer_length(const struct buffer *buffer)
{
	return buffer != NULL ? buffer->end - buffer->start : 0;
}

static inline char *buffer_data(struct buffer *buffer)
{
	return buffer->bytes + buffer->start;
}

static inline size_t buffer_tail_room(const struct buffer *buffer)
{
	return buffer->room - buffer->end;
}
