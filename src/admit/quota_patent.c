/* SPDX-License-Identifier: Apache-2.0
 *
 * The plain scheme of exclusive, shared and batch, on the words of quota_priv.h: an engine admits
 * while its uses are below its exclusive number and what it has borrowed, else it borrows a batch
 * from the shared pool (or what is left there), else the limit counts as reached, whatever is idle
 * elsewhere. A batch that is not needed goes back.
 *
 * "Exclusive and borrowed" of an engine is what it holds: used + idle. What an engine holds less
 * than its exclusive number, after a change of the limit, waits for it in S; so the shared pool is
 * S without what is kept for others. S still decides whether a unit exists at all: uses never
 * exceed the limit, and every unit stays covered as I1 and I2 in quota.c say, so that the mode may
 * change at any time.
 */
#include "admit/quota_seat_priv.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t number_of(const _Atomic int32_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static int64_t held_by(const struct quota_map *map, uint32_t id, unsigned core)
{
	uint64_t w = quota_load(quota_stash_at(map, core, id));
	uint64_t u = quota_load(quota_change_at(map, core, id));

	return w & QUOTA_OPEN ? quota_used(w) + quota_idle(w) : quota_used(w) + quota_change(u, w);
}

/* What is kept in S for the other engines. */
static int64_t kept_for_others(const struct quota_core *core, uint32_t id, int64_t exclusive)
{
	int64_t kept = 0;

	for (unsigned i = 0; i < core->map->cores; i++) {
		int64_t held = i == core->index ? exclusive : held_by(core->map, id, i);

		if (!quota_is_live(core->map, i))
			continue;
		kept += held < exclusive ? exclusive - held : 0;
	}
	return kept;
}

/* How many units an engine without an idle one may take from S now; 0: it spills. */
static int64_t grant(const struct quota_core *core, uint32_t id, uint64_t s, int64_t used)
{
	const struct quota_pool *pool = quota_pool_at(core->map, id);
	int64_t exclusive = number_of(&pool->floor), available = quota_available(s), shared;

	if (available <= 0)
		return 0;
	shared = available - kept_for_others(core, id, exclusive);
	if (used >= exclusive)
		return shared > 0 ? least(shared, number_of(&pool->batch)) : 0;
	/* Not enough for everybody after the limit fell: one at a time. */
	return shared < exclusive - used ? 1 : exclusive - used;
}

/* The stash is open. False: a word changed. */
static bool fill(const struct quota_seat *seat, uint64_t s, uint64_t w, int64_t units)
{
	bool got;

	if (!quota_swap(seat->stash, &w, w | QUOTA_BUSY))
		return false;
	got = quota_seat_swap(seat, &s, s - (uint64_t)units * QUOTA_AVAIL_ONE);
	if (got)
		w += QUOTA_USED_ONE + (uint64_t)(units - 1) * QUOTA_IDLE_ONE;
	quota_store(seat->stash, w);
	return got;
}

/* The stash was sealed by a change of the limit or in the other mode. False: S changed. */
static bool fill_and_open(const struct quota_seat *seat, uint64_t s, uint64_t w, int64_t units)
{
	int64_t change = quota_change(quota_load(seat->change), w);

	quota_store(seat->change, quota_change_make(change, w, QUOTA_INTENT));
	if (quota_seat_swap(seat, &s, s - (uint64_t)units * QUOTA_AVAIL_ONE + QUOTA_OPEN_ONE)) {
		quota_core_reopen(seat->core, seat->id, w, quota_used(w) + change + 1, units - 1);
		return true;
	}
	quota_store(seat->change, quota_change_make(change, w, 0));
	return false;
}

enum quota_result quota_patent_take(struct quota_core *core, uint32_t id)
{
	struct quota_seat seat = quota_seat_at(core, id);

	for (;;) {
		uint64_t s = quota_pool_load(seat.pool);
		uint64_t w = quota_load(seat.stash);
		int64_t units;

		if (quota_idle(w) > 0) {
			if (quota_swap(seat.stash, &w, w + QUOTA_USED_ONE - QUOTA_IDLE_ONE))
				return QUOTA_OK;
			continue;
		}
		units = grant(core, id, s,
			      quota_used(w) + quota_change(quota_load(seat.change), w));
		if (units <= 0) {
			core->why = QUOTA_WHY_FULL;
			return QUOTA_FULL;
		}
		if (w & QUOTA_OPEN ? fill(&seat, s, w, units) : fill_and_open(&seat, s, w, units)) {
			quota_count_borrowed(core, id, units);
			return QUOTA_OK;
		}
	}
}

int64_t quota_patent_surplus(const struct quota_pool *pool, int64_t idle, int64_t held)
{
	int64_t batch = number_of(&pool->batch);
	int64_t borrowed = held - number_of(&pool->floor);

	return borrowed > 0 ? least(idle, borrowed) / batch * batch : 0;
}
