/* SPDX-License-Identifier: Apache-2.0
 * world.h - a simulated machine of up to 128 engines that run the production code of the pools.
 *
 * Each engine is a coroutine with a clock of its own; the one whose clock is earliest runs. Before
 * every operation on a shared word the hook of the pools comes here: the engine's clock goes on by
 * what the operation costs on its cache line, others go first, then the operation is done. So all
 * operations happen in order of virtual time, one at a time, and a run with a seed is repeated
 * exactly on every machine.
 *
 * The cost model (doc/quota.md): a line moves from one engine to another in 90 ns; an operation
 * that writes occupies it for all this time, one that reads for 25 ns; what is there already costs
 * 0.3 ns to read and 5 ns to read and write in one. Times are in tenths of nanoseconds.
 */
#pragma once

#include "admit/quota_core_priv.h"

enum { WORLD_ENGINES_MAX = 128 };

/* Where a word lies, seen by the engine that works on it. */
enum world_place { WORLD_OWN, WORLD_PEER, WORLD_POOL, WORLD_PLACES };

/* Operations by place. "Shared" are all that are not on the engine's own words. */
struct world_counts {
	uint64_t loads[WORLD_PLACES], stores[WORLD_PLACES], rmw[WORLD_PLACES];
	uint64_t transfers; /* of lines */
};

/* Every engine runs `live`, each on a stack of its own, until all have called world_leave(). */
void world_run(const struct quota_map *map, unsigned engines, void (*live)(unsigned engine));

/* Of the engine that runs. */
uint64_t world_now(void);
/* Work for so long; others may run meanwhile. */
void world_spend(uint64_t time);
void world_sleep_until(uint64_t time);
/* Never returns. */
void world_leave(void);
/* Of an engine, so far in this run. */
const struct world_counts *world_counts_of(unsigned engine);
/* What test code does by itself to a word that all share, before it is done. */
void world_touch(const volatile void *word, enum quota_step step);

static inline uint64_t world_shared_rmw(const struct world_counts *counts)
{
	return counts->rmw[WORLD_PEER] + counts->rmw[WORLD_POOL];
}
