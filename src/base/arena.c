/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/heap.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The first block is small, for an arena of one command; each further one twice the last. */
enum { ROOM_LEAST = 4 * 1024, ROOM_MOST = 32 * 1024, ALIGN_MOST = 4096 };

/* Followed by its bytes. */
struct block {
	struct block *older; /* owned */
	size_t room, used;
	char bytes[];
};

struct arena {
	struct block *newest; /* owned; NULL: nothing was taken yet */
	size_t room;          /* of the next block */
};

struct arena *arena_new(void)
{
	struct arena *arena = heap_zeroed(1, sizeof(*arena));

	must(arena != NULL);
	arena->room = ROOM_LEAST;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	while (arena->newest != NULL) {
		struct block *block = arena->newest;

		arena->newest = block->older;
		free(block);
	}
	free(arena);
}

/* Bytes from the block, or NULL when it has too few left. */
static void *carve(struct block *block, size_t size, size_t align)
{
	uintptr_t start = (uintptr_t)block->bytes;
	size_t at = (size_t)(((start + block->used + align - 1) & ~(uintptr_t)(align - 1)) - start);

	if (at > block->room || size > block->room - at)
		return NULL;
	block->used = at + size;
	return block->bytes + at;
}

/* A large thing gets a block of its own behind the newest, whose rest stays in use. */
static struct block *add_block(struct arena *arena, size_t need)
{
	bool is_large = need > ROOM_MOST / 4;
	size_t room;
	struct block *block;

	while (!is_large && arena->room < need * 4)
		arena->room *= 2;
	room = is_large ? need : arena->room;
	block = heap_zeroed(1, sizeof(*block) + room);
	must(block != NULL);
	block->room = room;
	if (!is_large && arena->room < ROOM_MOST)
		arena->room *= 2;
	if (is_large && arena->newest != NULL) {
		block->older = arena->newest->older;
		arena->newest->older = block;
	} else {
		block->older = arena->newest;
		arena->newest = block;
	}
	return block;
}

void *arena_take(struct arena *arena, size_t size, size_t align)
{
	void *bytes = NULL;

	must(align > 0 && align <= ALIGN_MOST && (align & (align - 1)) == 0);
	must(size <= SIZE_MAX / 2);
	if (arena->newest != NULL)
		bytes = carve(arena->newest, size, align);
	if (bytes == NULL)
		bytes = carve(add_block(arena, size + align), size, align);
	must(bytes != NULL);
	return bytes;
}

struct str arena_copy(struct arena *arena, struct str text)
{
	char *copy = arena_take(arena, text.length + 1, 1);

	if (text.length > 0)
		memcpy(copy, text.at, text.length);
	return (struct str){ copy, text.length };
}

struct str arena_print(struct arena *arena, const char *format, ...)
{
	va_list values;
	int length;
	char *text;

	must(format != NULL);
	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	must(length >= 0);
	text = arena_take(arena, (size_t)length + 1, 1);
	va_start(values, format);
	vsnprintf(text, (size_t)length + 1, format, values);
	va_end(values);
	return (struct str){ text, (size_t)length };
}
