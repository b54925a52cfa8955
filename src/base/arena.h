/* SPDX-License-Identifier: Apache-2.0
 * arena.h - memory that is born together and dies together. Grows in blocks from malloc.
 *
 * For the control plane: without memory it aborts (a configuration is small and checked first).
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdalign.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is allowed */

/* Zeroed, aligned for `align` (a power of two, at most 4096). */
void *arena_take(struct arena *arena, size_t size, size_t align) __attribute__((returns_nonnull));
struct str arena_copy(struct arena *arena, struct str text); /* a NUL follows the copy */
struct str arena_print(struct arena *arena, const char *format, ...) PRINTF(2, 3);

#define arena_one(arena, type) ((type *)arena_take(arena, sizeof(type), alignof(type)))
#define arena_many(arena, type, count)                                                             \
	((type *)arena_take(arena, sizeof(type) * (count), alignof(type)))
