/* SPDX-License-Identifier: Apache-2.0
 * quota_core_priv.h - one engine's end of all pools, and what its files call of one another.
 */
#pragma once

#include "admit/quota_priv.h"
#include "base/list.h"

/* Uses of one pool given back in this turn. */
struct pocket {
	uint32_t uses;
	bool is_listed;
};

/* Those of one engine who wait for a use of one pool. */
struct quota_line {
	struct list waiters; /* struct quota_waiter, oldest first */
	struct list link;    /* in quota_core.queued while somebody waits */
};

struct quota_core {
	const struct quota_map *map; /* borrowed: lives longer */
	unsigned index;
	size_t bytes; /* of this and what follows it in memory */
	uint32_t turn;
	enum quota_why why; /* of the last QUOTA_FULL */
	uint32_t frozen;    /* pool whose pocket stays shut: it is audited; QUOTA_NONE */
	uint64_t audit;     /* the newest that was heard of */
	uint32_t traced_turn;
	uint64_t trace_ns;      /* of traced_turn; 0: none yet */
	struct pocket *pockets; /* by pool */
	uint32_t *listed;       /* pools whose pocket was used in this turn */
	uint32_t listed_count;
	uint32_t expected_id, expected; /* clients that are still to ask that pool in this turn */
	uint32_t reserved;              /* uses that are theirs already */
	struct quota_line *lines;       /* by pool; all zero until its first use */
	struct list queued;             /* lines in which somebody waits */
};

/* Engines, both modes: quota.c. */

/* Ends the sealed time of the own stash, which S counts as open already: one store of W opens, and
 * makes the old U void. */
void quota_core_reopen(struct quota_core *core, uint32_t id, uint64_t w, int64_t used,
		       int64_t idle);
/* A batch out of S; what is drawn without a limit is not counted. */
void quota_count_borrowed(struct quota_core *core, uint32_t id, int64_t units);

/* A take that the rule has nothing against; `reserve` uses of S are not for it. Not counted. */
enum quota_result quota_take_free(struct quota_core *core, uint32_t id, uint64_t mode,
				  int64_t reserve);
/* Uses come back at once, without a pocket. */
void quota_core_give(struct quota_core *core, uint32_t id, int64_t uses);
/* quota_trace.c */
void quota_trace_core(struct quota_core *core, uint32_t id, enum quota_event event, int64_t units,
		      unsigned other);
/* A new audit: our part of it, at the end of a turn. */
void quota_audit_hear(struct quota_core *core);

/* One use more in force, taken from S by another hand. */
void quota_core_note_use(struct quota_core *core, uint32_t id);

/* The line: quota_queue.c. */

/* Who serves: an engine + 1, or control. */
#define QUOTA_SERVER_CONTROL 255
/* After something came to S while somebody waits. Any thread; `who` it is. */
void quota_queue_serve(const struct quota_map *map, uint32_t id, unsigned who);
bool quota_queue_is_idle(const struct quota_map *map, uint32_t id);
/* Units on their way to who waited. */
int64_t quota_queue_served(const struct quota_map *map, uint32_t id);
/* Control: the pool is FROZEN no more. */
void quota_queue_thaw(const struct quota_map *map, uint32_t id);
void quota_queue_core_dead(const struct quota_map *map, uint32_t id, unsigned core);
/* Control: the pool is FROZEN and every engine has said so. What the dead left half done is undone
 * or ended; how many waiters S should count. */
uint64_t quota_queue_mend(const struct quota_map *map, uint32_t id);
void quota_queues_free(struct quota_map *map);
/* Whether what is given back may wait for the end of the turn (when the limit allows it), or has to
 * come at once. Control. */
void quota_pool_settle_by(struct quota_map *map, uint32_t id, bool turns);

/* Engines, pools with QUOTA_GUARDED: quota_guard.c. */

enum quota_result quota_guard_take(struct quota_core *core, uint32_t id, uint64_t mode,
				   enum quota_class class);
/* Whether the time of RETURNING is over, `free_units` being free now; ends it then. */
bool quota_guard_return(struct quota_pool *pool, int64_t free_units, uint64_t now_ms);
/* After a use came back while RETURNING. */
void quota_guard_given(struct quota_core *core, uint32_t id);

/* Engines, QUOTA_MODE_PATENT: quota_patent.c. */

/* QUOTA_OK or QUOTA_FULL; not counted as admitted or refused. */
enum quota_result quota_patent_take(struct quota_core *core, uint32_t id);
/* How many of `idle` go back: whole batches of what is borrowed. */
int64_t quota_patent_surplus(const struct quota_pool *pool, int64_t idle, int64_t held);
