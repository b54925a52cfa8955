/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB_ALIGN = 64, CHUNK_BYTES = 256 * 1024, CHUNK_OBJECTS_MOST = 256 };

/* At the start of every chunk; the objects follow at SLAB_ALIGN. */
struct chunk {
	struct chunk *older; /* owned */
};

/* At the start of every object that is not out. */
struct free_object {
	struct free_object *next;
};

void slab_init(struct slab *slab, size_t size, size_t most)
{
	must(size > 0 && size < SIZE_MAX / 2);
	*slab = (struct slab){
		.size = (size + SLAB_ALIGN - 1) & ~(size_t)(SLAB_ALIGN - 1),
		.most = most,
	};
}

void slab_fini(struct slab *slab)
{
	must(slab->used == 0);
	for (struct chunk *chunk = slab->chunks, *older; chunk != NULL; chunk = older) {
		older = chunk->older;
		free(chunk);
	}
	*slab = (struct slab){ .size = slab->size };
}

static void push(struct slab *slab, void *object)
{
	struct free_object *head = object;

	head->next = slab->free;
	slab->free = head;
}

static size_t objects_of_chunk(const struct slab *slab)
{
	size_t count = CHUNK_BYTES / slab->size;

	if (count < 1)
		count = 1;
	if (count > CHUNK_OBJECTS_MOST)
		count = CHUNK_OBJECTS_MOST;
	if (count > slab->most - slab->made)
		count = slab->most - slab->made;
	return count;
}

/* One more chunk of objects; the first of it will be taken first. */
static bool grow(struct slab *slab)
{
	size_t count = objects_of_chunk(slab);
	struct chunk *chunk;
	char *objects;

	if (count == 0)
		return false;
	chunk = aligned_alloc(SLAB_ALIGN, SLAB_ALIGN + count * slab->size);
	if (chunk == NULL)
		return false;
	chunk->older = slab->chunks;
	slab->chunks = chunk;
	objects = (char *)chunk + SLAB_ALIGN;
	for (size_t i = count; i > 0; i--)
		push(slab, objects + (i - 1) * slab->size);
	slab->made += count;
	return true;
}

void *slab_take(struct slab *slab)
{
	struct free_object *object;

	if (slab->free == NULL && !grow(slab))
		return NULL;
	object = slab->free;
	slab->free = object->next;
	slab->used++;
	return object;
}

void slab_give(struct slab *slab, void *object)
{
	must(object != NULL && slab->used > 0);
	if (POISON)
		memset(object, SLAB_POISON, slab->size);
	slab->used--;
	push(slab, object);
}
