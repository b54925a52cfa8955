/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/opening.h"

static size_t missing(const struct opening *opening)
{
	size_t wanted = (size_t)opening->offset + opening->length;
	size_t length = buffer_length(opening->buffer);

	return wanted > length ? wanted - length : 0;
}

/* Once. CONN_DONE: some bytes came. */
static enum conn_io read_once(struct opening *opening, struct conn *client,
			      struct stat_number *bytes_read)
{
	struct buffer *buffer = opening->buffer;
	size_t done = 0;
	enum conn_io io = conn_read(client, buffer->bytes + buffer->end, buffer_tail_room(buffer),
				    &done);

	buffer->end += (uint32_t)done;
	stat_add(bytes_read, done);
	return io;
}

enum opening_end opening_read(struct opening *opening, struct conn *client,
			      struct stat_number *bytes_read)
{
	struct buffer_pool *pool = &client->engine->buffers;
	enum conn_io io = CONN_DONE;

	must_be_on(client->engine);
	must((size_t)opening->offset + opening->length <= OPENING_BYTES_MAX);
	while (io == CONN_DONE && missing(opening) > 0) {
		if (!client->can_read && !client->has_eof && client->error == 0)
			io = CONN_WAIT;
		else if (!buffer_reserve(pool, &opening->buffer, missing(opening)))
			return OPENING_STARVED;
		else
			io = read_once(opening, client, bytes_read);
	}
	buffer_shrink(pool, &opening->buffer);
	switch (io) {
	case CONN_DONE:
		return OPENING_DONE;
	case CONN_WAIT:
		return OPENING_WAIT;
	case CONN_EOF:
		return OPENING_SHORT;
	case CONN_BROKEN:
		break;
	}
	return OPENING_BROKEN;
}

struct str opening_token(const struct opening *opening)
{
	if (!opening_is_wanted(opening) || missing(opening) > 0)
		return (struct str){ NULL, 0 };
	return (struct str){ buffer_data(opening->buffer) + opening->offset, opening->length };
}

struct buffer *opening_take(struct opening *opening)
{
	struct buffer *buffer = opening->buffer;

	opening->buffer = NULL;
	return buffer;
}

void opening_fini(struct opening *opening, struct buffer_pool *pool)
{
	buffer_give(pool, opening->buffer);
	opening->buffer = NULL;
}
