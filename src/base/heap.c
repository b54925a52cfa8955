/* SPDX-License-Identifier: Apache-2.0
 *
 * The reserve is one block of ordinary memory, touched, so that it is there even where the system
 * promises more than it has. It is taken with one exchange: monitors and control are one thread,
 * but a start runs others.
 */
#include "base/heap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(void *) reserve;

/* False: it was given up before. */
static bool give_up_reserve(void)
{
	void *block = atomic_exchange(&reserve, NULL);

	free(block);
	return block != NULL;
}

void *heap_zeroed(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (memory == NULL && give_up_reserve())
		memory = calloc(count, bytes);
	must(memory != NULL);
	return memory;
}

void *heap_resized(void *memory, size_t bytes)
{
	void *resized = realloc(memory, bytes);

	if (resized == NULL && give_up_reserve())
		resized = realloc(memory, bytes);
	must(resized != NULL);
	return resized;
}

bool heap_has_reserve(size_t bytes)
{
	void *block;

	if (atomic_load(&reserve) != NULL)
		return true;
	block = malloc(bytes);
	if (block == NULL)
		return false;
	memset(block, 0xA5, bytes);
	atomic_store(&reserve, block);
	return true;
}

bool heap_has_room(size_t bytes)
{
	void *block;

	if (atomic_load(&reserve) != NULL)
		return true;
	block = malloc(bytes);
	free(block);
	return block != NULL;
}

void heap_fini(void)
{
	(void)give_up_reserve();
}
