/* SPDX-License-Identifier: Apache-2.0
 * quota.h - limits that hold over all engines: exact, and next to free below the limit.
 *
 * A pool has a limit L of uses. Its units lie, at any instant, in one place each: in use, idle in
 * the stash of one engine, in the shared pool, or in flight and counted. An engine with idle units
 * takes and gives with one atomic operation on its own line; without, it borrows a batch from the
 * shared pool; when that is empty it collects what is idle elsewhere ("sealed escrow"). QUOTA_FULL
 * is answered only when every unit is in use at that instant: never one too many, never one too
 * early. The argument stands in quota.c; the source is doc/quota.md.
 *
 * The pools live in one shared mapping of offsets without pointers, so that they can outlive a
 * process (a later floor of that house).
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quota_result {
	QUOTA_OK,   /* one use is yours: give it back once */
	QUOTA_FULL, /* all L uses were in force at an instant inside this call */
	QUOTA_AGAIN /* undecided: the last free units are in another engine's hands; ask next turn
		     */
};

enum quota_mode {
	QUOTA_MODE_EXACT, /* QUOTA_FULL only when every unit is in use: the standard */
	/* The plain scheme: an engine is refused when its exclusive and borrowed units are in use
	 * and the shared pool is empty. Never one too many either, but some too early. */
	QUOTA_MODE_PATENT
};

#define QUOTA_NONE      UINT32_MAX         /* no pool */
#define QUOTA_UNLIMITED ((int64_t)1 << 34) /* counted, never full */

struct quota_map; /* all pools of the appliance; opaque */

/* One engine's end of all pools. Owner: the engine. */
struct quota_core;

/* The shares of a limit: the arithmetic of the specification. */
struct quota_split {
	int64_t exclusive;      /* X: dealt out */
	int64_t exclusive_each; /* x = X / N */
	int64_t shared;         /* S = L - X */
	int64_t batch;          /* B */
};
/* exclusive_percent 0..100 (default 80), batch_percent 0..100 (default 10). */
struct quota_split quota_split(int64_t limit, unsigned cores, unsigned exclusive_percent,
			       unsigned batch_percent);

/* Control. Room for `pools` pools on `cores` engines; NULL without memory. */
struct quota_map *quota_map_new(unsigned cores, unsigned pools);
void quota_map_free(struct quota_map *map);
size_t quota_map_bytes(const struct quota_map *map); /* of the shared mapping */
/* Control. A new pool with all its units free; QUOTA_NONE when there is no room. The pool is known
 * to an engine only by messages sent afterwards. */
uint32_t quota_open(struct quota_map *map, int64_t limit, unsigned exclusive_percent,
		    unsigned batch_percent);
/* Control. When no engine knows it any more and no use is in force. */
void quota_close(struct quota_map *map, uint32_t pool);
/* Control, one at a time. Live uses are never cut; when this returns, no use is admitted that
 * makes the uses exceed the new limit. 0 .. QUOTA_UNLIMITED. */
void quota_set_limit(struct quota_map *map, uint32_t pool, int64_t limit);
void quota_set_split(struct quota_map *map, uint32_t pool, unsigned exclusive_percent,
		     unsigned batch_percent);
/* At any time; calls that began before may still answer by the old mode. A new pool is EXACT. */
void quota_set_mode(struct quota_map *map, uint32_t pool, enum quota_mode mode);

/* Engine. */
struct quota_core *quota_core_new(struct quota_map *map, unsigned core);
void quota_core_free(struct quota_core *core);
enum quota_result quota_take(struct quota_core *core, uint32_t pool) MUST_USE;
void quota_give(struct quota_core *core, uint32_t pool);
/* After QUOTA_FULL, when the client is in fact given away: in PATENT mode counts what was free
 * elsewhere. */
void quota_note_spill(struct quota_core *core, uint32_t pool);
/* At the end of every turn and before a blocking call: settles what was given back. */
void quota_turn_end(struct quota_core *core);
/* An engine that is gone for good: its uses and its stash come back, exactly once. Control, after
 * the thread has ended. */
void quota_core_dead(struct quota_map *map, unsigned core);

/* What an operator sees; read by control at any time, each number true at some recent instant. */
struct quota_core_view {
	int64_t used, exclusive, borrowed, idle;
};
struct quota_view {
	int64_t limit, used, available; /* available: in the shared pool now */
	int64_t idle;                   /* in the stashes of the engines */
	struct quota_split split;
	/* Uses since the pool was opened: admitted; taken from the shared pool under a limit;
	 * given back to it; collected from other engines; then QUOTA_FULL and QUOTA_AGAIN
	 * answered. */
	uint64_t admitted, borrows, returned, reclaimed, refused, undecided;
	/* Spills while units were free, and how many were, in sum: PATENT mode only. */
	uint64_t premature, stranded;
	enum quota_mode mode;
	unsigned cores;
};
void quota_read(const struct quota_map *map, uint32_t pool, struct quota_view *view);
void quota_read_core(const struct quota_map *map, uint32_t pool, unsigned core,
		     struct quota_core_view *view);
