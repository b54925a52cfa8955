/* SPDX-License-Identifier: Apache-2.0
 * quota_priv.h - where the quota pools lie, and what both sides do to them.
 *
 * One shared mapping of numbers and offsets, without pointers. Engine-major packing keeps one
 * engine's words together: eight pools share a line, and all eight belong to one engine.
 */
#pragma once

#include "admit/quota.h"
#include "admit/quota_life.h"
#include "admit/quota_pool_priv.h"
#include "admit/quota_trace.h"
#include "base/hash.h"
#include "record/stat.h"

/* What an engine has learnt about a pool: it decides cost only. Owner: the engine, from the message
 * that names the pool to the last word it stores; control before and after. */
struct quota_habit {
	int32_t cap; /* most idle uses kept above the floor */
	uint32_t reopened_turn;
	uint16_t patience; /* K: uses one by one from S before reopening */
	uint16_t singles;  /* of them so far */
	uint16_t changes;  /* of the limit, when it was learnt */
	uint8_t cursor;    /* where the last search ended */
	bool knows_sealed;
};

/* Written by the engine, read by control. What the fast ways write comes first; what follows from
 * other numbers is not counted but worked out by quota_stat.c. */
struct quota_counts {
	alignas(64) struct stat_number local; /* uses granted out of the own stash ... */
	struct stat_number pocket;            /* ... out of what was given back in this turn ... */
	struct stat_number drawn;             /* ... and out of what is shared: all others */
	struct stat_number peak;              /* most uses of this engine */
	/* Units: out of S, of these while sealed; back to S, of these while sealed; from others. */
	struct stat_number borrowed, borrowed_sealed, returned, returned_sealed, reclaimed;
	struct stat_number unwanted; /* taken for clients who did not ask, and given back */
	struct stat_number buried;   /* uses that ended with the engine; written after its end */
	/* How often. Sealed: all times that the own stash was, by others and by itself. */
	struct stat_number refills, steals, seals, sealed, sealed_self, reopened, limit_changes;
	struct stat_number refused, undecided, premature, stranded;
	struct stat_number shared; /* steps that read and write S, the mask, or another's stash */
	struct stat_number spilled[QUOTA_WHYS];
};

static inline uint64_t quota_admitted(const struct quota_counts *counts)
{
	return stat_read(&counts->local) + stat_read(&counts->pocket) + stat_read(&counts->drawn);
}

/* The first page of the mapping. */
struct quota_head {
	_Atomic uint64_t live[QUOTA_MASKS]; /* engines that are not dead; written by control */
	_Atomic uint64_t deaths;
	_Atomic uint32_t touched; /* pools from this id on were never open */
	/* The newest audit: number << 32 | pool; it runs while the number is odd. */
	alignas(64) _Atomic uint64_t audit;
	struct {
		alignas(64) _Atomic uint64_t audit; /* that the engine has done its part of */
	} acks[QUOTA_CORES_MAX];
};

/* One event: quota_trace.c. */
struct quota_trace_slot {
	_Atomic uint64_t number; /* from 1 on; 0: empty, or being written */
	_Atomic uint64_t time_ns, what, units, times;
};

/* Written by one engine, or by control. */
struct quota_trace_ring {
	alignas(64) _Atomic uint64_t count;
	struct quota_trace_slot slots[QUOTA_TRACE_ROOM];
};

/* Owner: control. Where everything lies in the mapping, and which ids are free. */
struct quota_map {
	char *base; /* owned: the shared mapping */
	size_t bytes;
	size_t pools_at, cores_at, core_bytes, changes_at,
		habits_at; /* the last two in a core's part */
	unsigned cores;
	uint32_t pools;
	struct quota_counts *counts; /* owned: a shared mapping, engine-major */
	size_t counts_bytes;
	uint32_t *free_ids; /* owned: a ring of the ids that are not open, oldest first */
	uint32_t free_first, free_count;
	struct quota_trace_ring
		*traces;    /* owned: a shared mapping; by engine, control's the last */
	struct hash by_key; /* owned; of a crash: pools that nobody has claimed yet, id + 1 */
	struct quota_queue *_Atomic *queues; /* owned, by pool; NULL: it never had one */
	void (*ring)(void *context, unsigned core);
	void *ring_context;
};

static inline struct quota_head *quota_head_at(const struct quota_map *map)
{
	return (struct quota_head *)(void *)map->base;
}

static inline bool quota_is_live(const struct quota_map *map, unsigned core)
{
	return quota_word(&quota_head_at(map)->live[core / 64]) >> core % 64 & 1;
}

/* At least 1. */
static inline unsigned quota_live_count(const struct quota_map *map)
{
	unsigned count = 0;

	for (unsigned i = 0; i < QUOTA_MASKS; i++)
		count += (unsigned)__builtin_popcountll(quota_word(&quota_head_at(map)->live[i]));
	return count > 0 ? count : 1;
}

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

static inline struct quota_counts *quota_counts_at(const struct quota_map *map, unsigned core,
						   uint32_t pool)
{
	return &map->counts[(size_t)core * map->pools + pool];
}

/* Control: quota_trace.c. */
void quota_trace_control(const struct quota_map *map, uint32_t id, enum quota_event event,
			 int64_t units, unsigned other);

/* Control: quota_map.c. */

/* All its units free, dealt out anew; what was in it before is forgotten, the counts are not. */
void quota_map_deal(struct quota_map *map, uint32_t id);

/* Control: quota_audit.c. After a crash. */
void quota_audit_forget(struct quota_map *map);

/* Control: quota_rule.c. */

/* The numbers that engines read, for a limit. */
void quota_rule_apply(const struct quota_map *map, struct quota_pool *pool, int64_t limit);
/* The bits of the mode that follow from rule and limit. */
uint64_t quota_rule_mode(const struct quota_map *map, const struct quota_pool *pool, int64_t limit);
/* Of the bits only `keep` stay, `set` come, and a change is counted. Order: see
 * quota_pool_debt_end(). */
void quota_rule_change(struct quota_pool *pool, uint64_t keep, uint64_t set);
/* The numbers changed: where nobody may keep what he had, what is idle comes back to S. */
void quota_rule_relabel(struct quota_map *map, uint32_t id);
