/* SPDX-License-Identifier: Apache-2.0
 * quota_queue.h - who waits for a use of a full pool: one line over all engines, first in, first
 * out.
 *
 * A pool has a queue when control gave it a depth. Then a use that comes free (given back, minted
 * by a higher limit, returned by a dead engine) belongs to the debt first, then to the oldest who
 * waits, then to whoever asks: quota_take() answers QUOTA_FULL while somebody waits. The engine of
 * the waiter hears the bell and finds it with quota_queue_next(). A pool in QUOTA_MODE_PATENT has
 * no queue, and one with a queue stays EXACT.
 *
 * The lines live in memory of this process: who waits does not outlive it. The argument stands in
 * quota_queue.c; the source is doc/quota.md.
 */
#pragma once

#include "admit/quota.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum { QUOTA_QUEUE_DEPTH_MAX = 16384 };

/* Lies in the thing that waits. Owner: its engine. list_init(&link) first. */
struct quota_waiter {
	struct list link; /* in its engine's part of the line while it waits */
	uint64_t ticket;  /* drawn in the order of the line, over all engines */
	uint32_t pool;
	/* Called by whoever takes it from quota_queue_next(), who need not know what waits. */
	void (*served)(struct quota_waiter *waiter);
};

enum quota_join {
	QUOTA_JOINED,   /* it waits: quota_queue_next() brings it, or quota_queue_leave() ends it */
	QUOTA_SERVED,   /* one use is yours at once */
	QUOTA_CROWDED,  /* `depth` wait already, or the pool has no queue */
	QUOTA_UNDECIDED /* as QUOTA_AGAIN: ask next turn */
};

/* Control. How many may wait: 0..QUOTA_QUEUE_DEPTH_MAX; 0: no queue. Who waits already is not sent
 * away. False without memory: nothing is changed. */
bool quota_queue_set(struct quota_map *map, uint32_t pool, uint32_t depth) MUST_USE;
/* Control, before the engines start. `ring` is called on the thread that gave the use, when one of
 * `core`'s waiters was served: it makes that engine call quota_queue_next() in its next turn. */
void quota_queue_set_bell(struct quota_map *map, void (*ring)(void *context, unsigned core),
			  void *context);
/* Who waits now, over all engines. Any thread. */
uint32_t quota_queue_waiting(const struct quota_map *map, uint32_t pool);

/* Engine. Whether anybody waits now, on whatever engine: a hint, it may just change. */
bool quota_queue_has_waiters(const struct quota_core *core, uint32_t pool);
/* Engine. After QUOTA_FULL. */
enum quota_join quota_queue_join(struct quota_core *core, uint32_t pool,
				 struct quota_waiter *waiter) MUST_USE;
/* Engine. The next of ours that was served: it is out of line and has one use. NULL: none. */
struct quota_waiter *quota_queue_next(struct quota_core *core) MUST_USE;
/* Engine. True: it is out of line and nothing remains of it. False: its use is on the way; it stays
 * in line until quota_queue_next() brings it. */
bool quota_queue_leave(struct quota_core *core, struct quota_waiter *waiter) MUST_USE;
