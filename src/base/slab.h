/* SPDX-License-Identifier: Apache-2.0
 * slab.h - objects of one size for one owner: taken and given back without a system call.
 *
 * Grows by chunks up to `most` objects and never shrinks. An empty slab is a refusal, not an
 * error. With POISON, objects given back are filled with SLAB_POISON.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

enum { SLAB_POISON = 0xA5 };

/* Owner: one engine. */
struct slab {
	size_t size; /* of an object, bytes, rounded up to alignment */
	size_t most; /* objects */
	size_t made; /* objects carved out so far */
	size_t used; /* objects out now */
	void *free;  /* the last given back is the first taken: it is warm */
	void *chunks; /* owned; for slab_fini */
};

void slab_init(struct slab *slab, size_t size, size_t most);
void slab_fini(struct slab *slab); /* nothing may be out */
/* Not zeroed. NULL when `most` are out or memory has run out. Aligned to 64. */
void *slab_take(struct slab *slab) MUST_USE;
void slab_give(struct slab *slab, void *object);
