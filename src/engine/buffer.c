/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/buffer.h"

enum { POISON_FRESH = 0x5A };

static const uint32_t rooms[BUFFER_CLASSES] = { 512, 4096, 16384, 65536 };

void buffer_pool_init(struct buffer_pool *pool, size_t bytes_max)
{
	pool->bytes_max = bytes_max;
	pool->bytes_out = 0;
	for (int i = 0; i < BUFFER_CLASSES; i++) {
		size_t size = sizeof(struct buffer) + rooms[i];

		slab_init(&pool->slabs[i], size, bytes_max / size);
	}
}

void buffer_pool_fini(struct buffer_pool *pool)
{
	for (int i = 0; i < BUFFER_CLASSES; i++)
		slab_fini(&pool->slabs[i]);
	must(pool->bytes_out == 0);
}

/* The smallest class with that room. */
static uint32_t class_for(size_t room)
{
	uint32_t class_index = 0;

	must(room <= rooms[BUFFER_CLASSES - 1]);
	while (rooms[class_index] < room)
		class_index++;
	return class_index;
}

static struct buffer *take_class(struct buffer_pool *pool, uint32_t class_index)
{
	struct slab *slab = &pool->slabs[class_index];
	struct buffer *buffer;

	if (slab->size > pool->bytes_max - pool->bytes_out)
		return NULL;
	buffer = slab_take(slab);
	if (buffer == NULL)
		return NULL;
	pool->bytes_out += slab->size;
	buffer->start = buffer->end = 0;
	buffer->room = rooms[class_index];
	buffer->class_index = class_index;
	if (POISON)
		memset(buffer->bytes, POISON_FRESH, buffer->room);
	return buffer;
}

struct buffer *buffer_take(struct buffer_pool *pool, size_t room)
{
	return take_class(pool, class_for(room));
}

void buffer_give(struct buffer_pool *pool, struct buffer *buffer)
{
	if (buffer == NULL)
		return;
	must(buffer->class_index < BUFFER_CLASSES && buffer->room == rooms[buffer->class_index]);
	pool->bytes_out -= pool->slabs[buffer->class_index].size;
	slab_give(&pool->slabs[buffer->class_index], buffer);
}

/* The data goes to the front of the new buffer, the old one is given back. */
static void move_to(struct buffer_pool *pool, struct buffer **buffer, struct buffer *to)
{
	size_t length = buffer_length(*buffer);

	must(length <= to->room);
	memcpy(to->bytes, buffer_data(*buffer), length);
	to->end = (uint32_t)length;
	buffer_give(pool, *buffer);
	*buffer = to;
}

void buffer_shrink(struct buffer_pool *pool, struct buffer **buffer)
{
	uint32_t class_index;
	struct buffer *smaller;

	if (*buffer == NULL)
		return;
	if (buffer_length(*buffer) == 0) {
		buffer_give(pool, *buffer);
		*buffer = NULL;
		return;
	}
	class_index = class_for(buffer_length(*buffer));
	if (class_index >= (*buffer)->class_index)
		return;
	smaller = take_class(pool, class_index);
	if (smaller != NULL)
		move_to(pool, buffer, smaller);
}

static void move_to_front(struct buffer *buffer)
{
	uint32_t length = buffer->end - buffer->start;

	if (buffer->start == 0)
		return;
	memmove(buffer->bytes, buffer_data(buffer), length);
	buffer->start = 0;
	buffer->end = length;
}

bool buffer_reserve(struct buffer_pool *pool, struct buffer **buffer, size_t room)
{
	struct buffer *larger;

	if (*buffer == NULL) {
		*buffer = room <= rooms[BUFFER_CLASSES - 1] ? buffer_take(pool, room) : NULL;
		return *buffer != NULL;
	}
	if (buffer_tail_room(*buffer) >= room)
		return true;
	if (room <= (*buffer)->room - buffer_length(*buffer)) {
		move_to_front(*buffer);
		return true;
	}
	if (room > rooms[BUFFER_CLASSES - 1] - buffer_length(*buffer))
		return false;
	larger = buffer_take(pool, buffer_length(*buffer) + room);
	if (larger == NULL)
		return false;
	move_to(pool, buffer, larger);
	return true;
}
