/* SPDX-License-Identifier: Apache-2.0
 * tube.h - pipes of an engine, for bytes in bulk that go from socket to socket unseen.
 *
 * There are few, and whoever gets none copies. One that is given back with bytes in it is closed:
 * what was somebody's never comes out for another.
 */
#pragma once

#include "base/check.h"
#include "base/list.h"
#include "base/slab.h"
#include "os/pipe.h"

#include <stddef.h>

enum {
	TUBES_MAX = 256,     /* an engine */
	TUBES_IDLE_MAX = 16, /* kept open for the next */
	TUBE_BYTES = 256 * 1024
};

/* Owner: one engine. */
struct tube {
	struct list link; /* while idle */
	struct pipe pipe;
	size_t bytes; /* in it now */
};

struct tube_pool {
	struct slab slab;
	struct list idle;
	unsigned idle_count;
};

void tube_pool_init(struct tube_pool *pool);
void tube_pool_fini(struct tube_pool *pool);               /* nothing may be out */
struct tube *tube_take(struct tube_pool *pool) MUST_USE;   /* empty; NULL: refused */
void tube_give(struct tube_pool *pool, struct tube *tube); /* NULL is allowed */
