/* SPDX-License-Identifier: Apache-2.0
 * quota_priv.h - the packed words of a quota pool, where they lie, and every operation on them.
 *
 * Three words decide everything (why that is enough stands at the top of quota.c):
 *
 *   W  one per pool and engine:  used:28 | idle:28 | OPEN | BUSY | GENERATION
 *   U  one per pool and engine:  change:62 (signed) | generation:1 | INTENT:1
 *   S  one per pool:             open:10 | waiters:18 | available:36 (signed)
 *
 * W is the engine's stash. OPEN: it may hold idle uses, and other engines may take them. BUSY: its
 * owner is moving uses and nobody else may touch it. A stash that is not OPEN is sealed: its W is
 * not written at all, and the owner counts in U what its uses have changed since; U counts only
 * while its generation is that of W, so that one store of W reopens.
 *
 * Everything here is shared memory: numbers and offsets, no pointers. Engine-major packing keeps
 * one engine's words together: eight pools share a line, and all eight belong to one engine.
 */
#pragma once

#include "admit/quota.h"
#include "record/stat.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>

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

#define QUOTA_FIELD     (((uint64_t)1 << 28) - 1)
#define QUOTA_USED_ONE  ((uint64_t)1)
#define QUOTA_IDLE_ONE  ((uint64_t)1 << 28)
#define QUOTA_OPEN      ((uint64_t)1 << 56)
#define QUOTA_BUSY      ((uint64_t)1 << 57)
#define QUOTA_GEN       ((uint64_t)1 << 58)
#define QUOTA_INTENT    ((uint64_t)1)
#define QUOTA_OPEN_ONE  ((uint64_t)1)
#define QUOTA_AVAIL_ONE ((uint64_t)1 << 28)

/* struct quota_pool.mode */
#define QUOTA_DEBT     ((uint64_t)1)  /* the limit fell, uses may be above it: reuse nothing */
#define QUOTA_LOWERING ((uint64_t)2)  /* it is about to fall: the debt must not end yet */
#define QUOTA_SETTLE   ((uint64_t)4)  /* what is given back waits for the end of the turn */
#define QUOTA_TINY     ((uint64_t)8)  /* all in S: one atomic counter */
#define QUOTA_CHANGE   ((uint64_t)16) /* counts the changes of the mode in the bits above */

/* Shared by all engines. */
struct quota_pool {
	alignas(64) _Atomic uint64_t s; /* the only line that engines contend for */
	/* Read by engines, written when the limit changes. */
	alignas(64) _Atomic uint64_t mode;
	_Atomic int64_t limit;
	_Atomic int32_t floor;     /* x: an engine does not give back below it */
	_Atomic uint32_t percents; /* exclusive, batch: eight bits each */
	/* Which engines are open: a hint for those who search, never the truth. */
	alignas(64) _Atomic uint64_t open_mask[QUOTA_MASKS];
};

/* What an engine has learnt about a pool: it decides cost only. Owner: the engine, from the message
 * that names the pool to the last word it stores; control before and after. */
struct quota_habit {
	int32_t cap; /* most idle uses kept above the floor */
	uint32_t reopened_turn;
	uint16_t patience; /* K: uses one by one from S before reopening */
	uint16_t singles;  /* of them so far */
	uint8_t cursor;    /* where the last search ended */
	bool knows_sealed;
};

/* Written by the engine, read by control. */
struct quota_counts {
	struct stat_number admitted, borrowed, returned, reclaimed, refused, undecided;
};

/* Owner: control. Where everything lies in the mapping, and which ids are free. */
struct quota_map {
	char *base; /* owned: the shared mapping */
	size_t bytes;
	size_t pools_at, cores_at, core_bytes, changes_at,
		habits_at; /* the last two in a core's part */
	unsigned cores;
	uint32_t pools;
	struct quota_counts *counts; /* owned: a private mapping, engine-major */
	size_t counts_bytes;
	uint32_t *free_ids; /* owned: a ring of the ids that are not open, oldest first */
	uint32_t free_first, free_count;
};

static inline struct quota_pool *quota_pool_at(const struct quota_map *map, uint32_t pool)
{
	must(pool < map->pools);
	return (struct quota_pool *)(void *)(map->base + map->pools_at) + pool;
}

static inline char *quota_part_at(const struct quota_map *map, unsigned core)
{
	must(core < map->cores);
	return map->base + map->cores_at + core * map->core_bytes;
}

static inline _Atomic uint64_t *quota_stash_at(const struct quota_map *map, unsigned core,
					       uint32_t pool)
{
	return (_Atomic uint64_t *)(void *)quota_part_at(map, core) + pool;
}

static inline _Atomic uint64_t *quota_change_at(const struct quota_map *map, unsigned core,
						uint32_t pool)
{
	return (_Atomic uint64_t *)(void *)(quota_part_at(map, core) + map->changes_at) + pool;
}

static inline struct quota_habit *quota_habit_at(const struct quota_map *map, unsigned core,
						 uint32_t pool)
{
	return (struct quota_habit *)(void *)(quota_part_at(map, core) + map->habits_at) + pool;
}

/* Fields of W. */
static inline int64_t quota_used(uint64_t w)
{
	return (int64_t)(w & QUOTA_FIELD);
}

static inline int64_t quota_idle(uint64_t w)
{
	return (int64_t)(w >> 28 & QUOTA_FIELD);
}

static inline uint64_t quota_sealed(uint64_t w)
{
	return w & ~(QUOTA_OPEN | QUOTA_FIELD << 28);
}

static inline bool quota_is_takeable(uint64_t w)
{
	return (w & (QUOTA_OPEN | QUOTA_BUSY)) == QUOTA_OPEN;
}

static inline uint64_t quota_reopened(uint64_t w, int64_t used, int64_t idle)
{
	return (uint64_t)used | (uint64_t)idle << 28 | QUOTA_OPEN | ((w ^ QUOTA_GEN) & QUOTA_GEN);
}

/* Fields of U. */
static inline uint64_t quota_change_make(int64_t change, uint64_t w, uint64_t intent)
{
	return (uint64_t)change << 2 | (w & QUOTA_GEN ? 2 : 0) | intent;
}

static inline int64_t quota_change(uint64_t u, uint64_t w)
{
	bool is_of_w = (u >> 1 & 1) == (w & QUOTA_GEN ? 1 : 0);

	return is_of_w && !(w & QUOTA_OPEN) ? (int64_t)u >> 2 : 0;
}

/* Fields of S. */
static inline unsigned quota_open_count(uint64_t s)
{
	return (unsigned)(s & 1023);
}

static inline uint64_t quota_waiters(uint64_t s)
{
	return s >> 10 & ((1 << 18) - 1);
}

static inline int64_t quota_available(uint64_t s)
{
	return (int64_t)s >> 28;
}

/* A test that is built with QUOTA_CHAOS yields here now and then, before every operation on a
 * shared word, to widen the windows. */
#ifdef QUOTA_CHAOS
void quota_chaos(void);
#else
static inline void quota_chaos(void)
{
}
#endif

static inline void quota_pause(void)
{
#if defined(QUOTA_CHAOS)
	sched_yield();
#elif defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* W, U, the mask and the mode: acquire pairs with release of the word's last writer. */
static inline uint64_t quota_load(const _Atomic uint64_t *word)
{
	quota_chaos();
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline void quota_store(_Atomic uint64_t *word, uint64_t value)
{
	quota_chaos();
	atomic_store_explicit(word, value, memory_order_release);
}

static inline bool quota_swap(_Atomic uint64_t *word, uint64_t *seen, uint64_t value)
{
	quota_chaos();
	return atomic_compare_exchange_strong_explicit(word, seen, value, memory_order_acq_rel,
						       memory_order_acquire);
}

/* S: sequentially consistent, loads too. With less, an engine may decide "full" on a value of S
 * that is older than a release it already knows of. */
static inline uint64_t quota_pool_load(const struct quota_pool *pool)
{
	quota_chaos();
	return atomic_load_explicit(&pool->s, memory_order_seq_cst);
}

static inline bool quota_pool_swap(struct quota_pool *pool, uint64_t *seen, uint64_t value)
{
	quota_chaos();
	return atomic_compare_exchange_strong_explicit(&pool->s, seen, value, memory_order_seq_cst,
						       memory_order_seq_cst);
}

/* Ends the debt once nothing is owed. Before the limit falls LOWERING is set, with a new count of
 * changes, and it goes when S has fallen; so a successful swap says that S did not fall since
 * `mode` was read, and taking never makes a debt. Sequentially consistent: control clears LOWERING
 * and then looks at S, an engine changes S and then looks at LOWERING; one of them sees the end. */
static inline void quota_debt_end(struct quota_pool *pool)
{
	uint64_t mode = atomic_load_explicit(&pool->mode, memory_order_seq_cst);

	while ((mode & (QUOTA_DEBT | QUOTA_LOWERING)) == QUOTA_DEBT &&
	       quota_available(quota_pool_load(pool)) >= 0)
		if (quota_swap(&pool->mode, &mode, mode & ~QUOTA_DEBT))
			return;
}

/* Adds uses (or takes a lowered limit away) and engines that are open, in one step. */
static inline void quota_pool_add(struct quota_pool *pool, int64_t uses, int open)
{
	uint64_t more = (uint64_t)uses * QUOTA_AVAIL_ONE + (uint64_t)(int64_t)open;
	uint64_t before;

	quota_chaos();
	before = atomic_fetch_add_explicit(&pool->s, more, memory_order_seq_cst);
	if (UNLIKELY(quota_available(before) < 0 && quota_available(before) + uses >= 0))
		quota_debt_end(pool);
}

static inline void quota_mask_set(struct quota_pool *pool, unsigned core)
{
	quota_chaos();
	atomic_fetch_or_explicit(&pool->open_mask[core / 64], (uint64_t)1 << core % 64,
				 memory_order_acq_rel);
}

static inline void quota_mask_clear(struct quota_pool *pool, unsigned core)
{
	quota_chaos();
	atomic_fetch_and_explicit(&pool->open_mask[core / 64], ~((uint64_t)1 << core % 64),
				  memory_order_acq_rel);
}

/* Empties an engine's stash into S and closes it; `got` uses came. False: its owner is moving uses
 * at this moment. The engine leaves S.open by the same step that brings its uses. */
static inline bool quota_seal(struct quota_pool *pool, _Atomic uint64_t *stash, unsigned core,
			      int64_t *got)
{
	uint64_t w = quota_load(stash);

	*got = 0;
	while (w & QUOTA_OPEN) {
		if (w & QUOTA_BUSY)
			return false;
		if (quota_swap(stash, &w, quota_sealed(w))) {
			*got = quota_idle(w);
			quota_mask_clear(pool, core);
			quota_pool_add(pool, *got, -1);
			return true;
		}
	}
	return true;
}
