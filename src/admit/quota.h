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
 * The pools live in one shared mapping of offsets without pointers, so that they outlive a process:
 * quota_life.h.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quota_result {
	QUOTA_OK,   /* one use is yours: give it back once */
	QUOTA_FULL, /* not granted; quota_why() says why: in EXACT mode, unless the rule has it
		     * otherwise, all L uses were in force at an instant inside this call */
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

/* Why a use was not granted. */
enum quota_why {
	QUOTA_WHY_FULL,       /* the limit is reached; in PATENT mode: nothing left to borrow */
	QUOTA_WHY_EARLY,      /* T1 and T2 want clients spilled before the limit */
	QUOTA_WHY_RESERVE,    /* what is free is T2, for QUOTA_CLASS_KEPT */
	QUOTA_WHY_HYSTERESIS, /* it was full, and is not free enough or long enough yet */
	QUOTA_WHY_AUDIT,      /* QUOTA_AGAIN: the pool is counted anew, for a turn */
	QUOTA_WHY_IN_HANDS,   /* QUOTA_AGAIN: what is free is in another engine's hands */
	QUOTA_WHYS
};

/* Who asks for a use. */
enum quota_class {
	QUOTA_CLASS_PLAIN,
	QUOTA_CLASS_KEPT /* a client that is known here: the thresholds of a rule are not for it */
};

/* A number of uses, or a percentage of what it is measured against. */
struct quota_amount {
	uint32_t number; /* a percentage: 0..100 */
	bool is_percent;
};

/* Which of the three numbers of a split is given; the others follow from it. */
enum quota_deal {
	QUOTA_DEAL_EXCLUSIVE, /* X, in percent of L */
	QUOTA_DEAL_EACH,      /* x, a number; less when L is too small for so much on each engine */
	QUOTA_DEAL_SHARED     /* S, a number or in percent of L; the remainder of X / N comes on top
			       */
};

/* How a limit is dealt out, and when a client is spilled before it is reached. */
struct quota_rule {
	enum quota_mode mode;
	enum quota_deal deal;
	struct quota_amount share; /* what `deal` says */
	uint32_t batch;            /* B, in percent of S */
	/* An engine borrows B and keeps at most 2 * B that it does not use; else both follow its
	 * demand. It decides cost only. EXACT mode. */
	bool is_fixed;
	/* T1, a number of uses or in percent of x, and T2, a number or in percent of S. When either
	 * is moved from 100 percent and 0, an engine with T1 uses or more spills while at most T2
	 * uses of the shared pool are not borrowed, and the last T2 of all uses are only for
	 * QUOTA_CLASS_KEPT. With T2 above 0 all engines of an EXACT pool take from one atomic
	 * word. */
	struct quota_amount engine_threshold, shared_threshold;
	/* After QUOTA_FULL the pool answers QUOTA_FULL until so many uses, or so many percent of
	 * L, have been free for hold_ms. 0: off. */
	struct quota_amount return_free;
	uint32_t hold_ms;
};

/* EXACT, adaptive, nothing spilled before the limit. */
static inline struct quota_rule quota_rule_plain(unsigned exclusive_percent, unsigned batch_percent)
{
	return (struct quota_rule){ .share = { exclusive_percent, true },
				    .batch = batch_percent,
				    .engine_threshold = { 100, true } };
}

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
struct quota_split quota_rule_split(const struct quota_rule *rule, int64_t limit, unsigned cores);
bool quota_rule_same(const struct quota_rule *a, const struct quota_rule *b);

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
/* How many more can be opened, when what was closed lately has settled. */
uint32_t quota_free_count(const struct quota_map *map);
/* Control, one at a time. Live uses are never cut; when this returns, no use is admitted that
 * makes the uses exceed the new limit. 0 .. QUOTA_UNLIMITED. */
void quota_set_limit(struct quota_map *map, uint32_t pool, int64_t limit);
/* Control, while no engine knows the pool and no use is in force: each has its share at once. After
 * quota_set_limit() alone engines come to theirs by taking. */
void quota_deal(struct quota_map *map, uint32_t pool);
/* Control, one at a time; calls that began before may still answer by the old rule. */
void quota_set_rule(struct quota_map *map, uint32_t pool, const struct quota_rule *rule);
struct quota_rule quota_rule_of(const struct quota_map *map, uint32_t pool);

/* Engine. */
struct quota_core *quota_core_new(struct quota_map *map, unsigned core);
void quota_core_free(struct quota_core *core);
enum quota_result quota_take(struct quota_core *core, uint32_t pool) MUST_USE;
/* So many clients of this engine will ask the pool in this turn, one after the other: while its
 * units lie in the word that all engines share, the first that asks takes for all of them. What
 * they do not want goes back with the end of the turn. Asked for clients that are there only. */
void quota_expect(struct quota_core *core, uint32_t pool, uint32_t clients);
enum quota_result quota_take_as(struct quota_core *core, uint32_t pool,
				enum quota_class class) MUST_USE;
/* Of the last answer of this engine that was not QUOTA_OK, whatever the pool; right after it. */
enum quota_why quota_why(const struct quota_core *core);
void quota_give(struct quota_core *core, uint32_t pool);
/* Whether somebody who asked now, wherever, would probably be refused: to tell of an episode of
 * spilling that it lasts. Any thread. */
bool quota_is_full(const struct quota_map *map, uint32_t pool);
/* After QUOTA_FULL, when the client is in fact given away: counts it by what quota_why() said then,
 * and in PATENT mode what was free elsewhere. */
void quota_note_spill(struct quota_core *core, uint32_t pool, enum quota_why why);
/* At the end of every turn and before a blocking call: settles what was given back. */
void quota_turn_end(struct quota_core *core);
/* What an operator sees; read by control at any time, each number true at some recent instant. */
struct quota_core_view {
	int64_t used, exclusive, borrowed, idle;
	uint64_t admitted, premature;
	uint64_t spilled[QUOTA_WHYS]; /* by quota_why() */
};
struct quota_view {
	int64_t limit, used, available; /* available: in the shared pool now */
	int64_t idle;                   /* in the stashes of the engines */
	int64_t debt;                   /* of a limit that fell: what is to come back first */
	uint32_t waiters;               /* in line */
	unsigned open_engines;          /* that may hold idle uses */
	struct quota_split split;
	/* Uses since the pool was opened: admitted; taken from the shared pool under a limit;
	 * given back to it; collected from other engines; then QUOTA_FULL and QUOTA_AGAIN
	 * answered. */
	uint64_t admitted, borrows, returned, reclaimed, refused, undecided;
	/* Spills while units were free, and how many were, in sum: PATENT mode only. */
	uint64_t premature, stranded;
	uint64_t spilled[QUOTA_WHYS];               /* by quota_why() */
	int64_t engine_threshold, shared_threshold; /* T1 and T2 in uses */
	uint64_t limit_changes;
	uint64_t audits;        /* how often its units were counted, after a crash too */
	uint64_t leak_repaired; /* units that were missing or too many then, in sum */
	uint64_t deaths;        /* engines that died, of all pools */
	bool is_early;          /* T1 or T2 is moved so that clients spill before the limit */
	bool is_returning;      /* it was full and waits for return_free */
	uint64_t free_since_ms; /* monotonic; is_returning: return_free is there; 0: not yet */
	enum quota_mode mode;
	unsigned cores;
};
void quota_read(const struct quota_map *map, uint32_t pool, struct quota_view *view);
void quota_read_core(const struct quota_map *map, uint32_t pool, unsigned core,
		     struct quota_core_view *view);
