/* SPDX-License-Identifier: Apache-2.0
 * quota_pool_priv.h - one pool: the lines that all engines share, and the operations on them that
 * control and engines have in common.
 */
#pragma once

#include "admit/quota.h"
#include "admit/quota_word_priv.h"

#include <stdalign.h>

enum {
	QUOTA_CORES_MAX = 128,
	QUOTA_MASKS = QUOTA_CORES_MAX / 64,
	QUOTA_STASH_MAX =
		1 << 26,          /* most that is dealt, borrowed or kept at once: far below 2^28 */
	QUOTA_PATIENCE_LEAST = 4, /* uses taken from S by a sealed engine before it reopens */
	QUOTA_PATIENCE_MOST = 1024,
	QUOTA_SETTLE_EACH = 64, /* settle by turns when the limit is this many for each engine */
	QUOTA_TINY_EACH = 4     /* below this many for each engine nothing is dealt out */
};

/* struct quota_pool.mode */
#define QUOTA_DEBT       ((uint64_t)1)    /* the limit fell, uses may be above it: reuse nothing */
#define QUOTA_LOWERING   ((uint64_t)2)    /* it is about to fall: the debt must not end yet */
#define QUOTA_SETTLE     ((uint64_t)4)    /* what is given back waits for the end of the turn */
#define QUOTA_TINY       ((uint64_t)8)    /* all in S: one atomic counter */
#define QUOTA_PATENT     ((uint64_t)16)   /* the plain scheme: quota_patent.c */
#define QUOTA_FIXED      ((uint64_t)32)   /* batch and stash do not follow demand */
#define QUOTA_EARLY      ((uint64_t)64)   /* T1 or T2 is moved */
#define QUOTA_HYSTERESIS ((uint64_t)128)  /* return_free is set */
#define QUOTA_RETURNING  ((uint64_t)256)  /* ... and the pool was full; engines set and clear it */
#define QUOTA_QUEUE      ((uint64_t)512)  /* some may wait: nothing is kept in pockets */
#define QUOTA_FROZEN     ((uint64_t)1024) /* its units are being counted: quota_audit.c */
#define QUOTA_CHANGE     ((uint64_t)4096) /* counts the changes of the mode in the bits above */
/* What a take has to look at first: quota_guard.c. */
#define QUOTA_GUARDED (QUOTA_EARLY | QUOTA_HYSTERESIS | QUOTA_FROZEN)

static inline uint16_t quota_changes(uint64_t mode)
{
	return (uint16_t)(mode / QUOTA_CHANGE);
}

/* Shared by all engines. */
struct quota_pool {
	alignas(64) _Atomic uint64_t s; /* the only line that engines contend for */
	/* Read by engines, written when the limit changes. */
	alignas(64) _Atomic uint64_t mode;
	_Atomic int64_t limit;
	_Atomic int64_t shared;  /* S */
	_Atomic int64_t early;   /* T1 in uses */
	_Atomic int64_t reserve; /* T2 in uses */
	_Atomic int64_t return_free;
	_Atomic uint32_t hold_ms;
	_Atomic int32_t floor; /* x: an engine does not give back below it */
	_Atomic int32_t batch; /* B: what an engine begins to borrow */
	/* Which engines are open: a hint for those who search, never the truth. */
	alignas(64) _Atomic uint64_t open_mask[QUOTA_MASKS];
	_Atomic uint64_t free_since_ms; /* RETURNING: return_free was seen; 0: not yet */
	_Atomic uint64_t limit_changes, audits, leak_repaired;
	/* Control's alone. */
	alignas(64) struct quota_rule rule;
	uint64_t opened_ns; /* monotonic */
	uint64_t key;       /* by which a next data process finds it; 0: none */
	_Atomic bool is_open;
};

static inline int64_t quota_number(const _Atomic int64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static inline uint64_t quota_word(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static inline bool quota_is_patent(const struct quota_pool *pool)
{
	return quota_load(&pool->mode) & QUOTA_PATENT;
}

uint64_t quota_pool_load(const struct quota_pool *pool);
bool quota_pool_swap(struct quota_pool *pool, uint64_t *seen, uint64_t value);
/* Adds uses (or takes a lowered limit away) and engines that are open, in one step. S before it:
 * when it counts waiters, quota_queue_serve(). */
uint64_t quota_pool_add(struct quota_pool *pool, int64_t uses, int open);
/* Ends the debt once nothing is owed. */
void quota_pool_debt_end(struct quota_pool *pool);
void quota_pool_mask_set(struct quota_pool *pool, unsigned core);
void quota_pool_mask_clear(struct quota_pool *pool, unsigned core);
/* What sealing a stash came to. */
struct quota_sealing {
	int64_t got;    /* uses came out of it */
	unsigned swaps; /* tries to change the stash */
	bool is_busy;   /* not done: its owner is moving uses at this moment */
	bool was_open;  /* it was done now: S and the mask changed */
};
/* Empties an engine's stash into S and closes it. */
struct quota_sealing quota_pool_seal(struct quota_pool *pool, _Atomic uint64_t *stash,
				     unsigned core);
