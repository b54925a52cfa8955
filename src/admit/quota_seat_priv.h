/* SPDX-License-Identifier: Apache-2.0
 * quota_seat_priv.h - one engine at one pool, for the length of a call, and the two things that the
 * calls lean on: what the engine has learnt about the pool, and the search among the others.
 */
#pragma once

#include "admit/quota_core_priv.h"

/* On the caller's stack; everything in it is borrowed. */
struct quota_seat {
	struct quota_core *core;
	struct quota_pool *pool;
	_Atomic uint64_t *stash, *change;
	struct quota_habit *habit;
	struct quota_counts *counts;
	uint32_t id;
	unsigned index;
	int64_t used;    /* by this engine, as it was at the last look */
	int64_t reserve; /* uses in S that are not for this call */
};

static inline struct quota_seat quota_seat_at(struct quota_core *core, uint32_t id)
{
	return (struct quota_seat){
		.core = core,
		.pool = quota_pool_at(core->map, id),
		.stash = quota_stash_at(core->map, core->index, id),
		.change = quota_change_at(core->map, core->index, id),
		.habit = quota_habit_at(core->map, core->index, id),
		.counts = quota_counts_at(core->map, core->index, id),
		.id = id,
		.index = core->index,
	};
}

static inline bool quota_seat_is_tiny(const struct quota_seat *seat)
{
	return quota_load(&seat->pool->mode) & QUOTA_TINY;
}

/* The steps on S that an engine does are counted. */
static inline bool quota_seat_swap(const struct quota_seat *seat, uint64_t *s, uint64_t value)
{
	stat_add(&seat->counts->shared, 1);
	return quota_pool_swap(seat->pool, s, value);
}

static inline uint64_t quota_seat_add(const struct quota_seat *seat, int64_t uses)
{
	stat_add(&seat->counts->shared, 1);
	return quota_pool_add(seat->pool, uses, 0);
}

/* The own stash: all that is idle in it goes to S. How much. */
static inline int64_t quota_seat_seal(const struct quota_seat *seat)
{
	struct quota_sealing sealing = quota_pool_seal(seat->pool, seat->stash, seat->index);

	if (sealing.was_open) {
		stat_add(&seat->counts->sealed_self, 1);
		stat_add(&seat->counts->shared, 2);
	}
	return sealing.got;
}

/* How much to keep, and when to reopen; it decides cost only: quota_habit.c. */

/* What was learnt under another limit says little: begins anew with the batch of this one. */
void quota_habit_refresh(struct quota_seat *seat);
/* Uses for an empty stash: half the cap, or what fills our share when that is more. */
int64_t quota_habit_wanted(const struct quota_seat *seat);
/* From S, which had so many; from a stash, so many. A rich giver lets us keep more, a poor one
 * less. */
void quota_habit_learn_from_pool(struct quota_seat *seat, int64_t available);
void quota_habit_learn_from_peer(struct quota_seat *seat, int64_t got);
/* Found at a call: the stash is sealed. */
void quota_habit_note_sealed(struct quota_seat *seat);
/* Before the stores that reopen. */
void quota_habit_note_open(struct quota_seat *seat);
/* One use taken from S or given to it, while sealed. */
void quota_habit_note_single(struct quota_seat *seat);
bool quota_habit_wants_to_open(const struct quota_seat *seat, uint64_t s);

/* Idle uses of the other engines: quota_search.c. */

/* Looks at up to `looks` open engines, on from where the last search ended, for one that has more
 * than `above` idle uses, and takes half of them, or one. How many. */
int64_t quota_search(struct quota_seat *seat, unsigned looks, int64_t above, bool takes_one);
/* Seals ourselves first (else two engines could wait for one another), then the others until one
 * yields; by the hint, or everybody. False: somebody was BUSY. */
bool quota_search_and_seal(struct quota_seat *seat, bool by_hint);
