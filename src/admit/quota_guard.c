/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools whose rule spills on purpose while units are free: T1 and T2, and the return with
 * hysteresis. All of it stands before the pools' own decision and refuses only, so that nothing
 * here can let a use too many in.
 */
#include "admit/quota_seat_priv.h"
#include "os/clock.h"

static int64_t used_by(const struct quota_map *map, uint32_t id, unsigned core)
{
	uint64_t w = quota_load(quota_stash_at(map, core, id));
	uint64_t u = quota_load(quota_change_at(map, core, id));

	return quota_used(w) + quota_change(u, w);
}

static int64_t free_units(const struct quota_map *map, uint32_t id)
{
	int64_t available = quota_available(quota_pool_load(quota_pool_at(map, id)));
	int64_t units = available > 0 ? available : 0;

	for (unsigned core = 0; core < map->cores; core++)
		units += quota_idle(quota_load(quota_stash_at(map, core, id)));
	return units;
}

/* --- T1 and T2 -------------------------------------------------------------------------------- */

/* What is not borrowed: what engines use above x is borrowed, what they hold ready is not. */
static int64_t not_borrowed(const struct quota_map *map, uint32_t id)
{
	const struct quota_pool *pool = quota_pool_at(map, id);
	int64_t exclusive = atomic_load_explicit(&pool->floor, memory_order_relaxed);
	int64_t shared = quota_number(&pool->shared);

	for (unsigned core = 0; core < map->cores; core++) {
		int64_t used = used_by(map, id, core);

		shared -= used > exclusive ? used - exclusive : 0;
	}
	return shared;
}

static bool is_early(const struct quota_core *core, uint32_t id)
{
	const struct quota_pool *pool = quota_pool_at(core->map, id);

	return used_by(core->map, id, core->index) >= quota_number(&pool->early) &&
	       not_borrowed(core->map, id) <= quota_number(&pool->reserve);
}

/* A reserve is decided on S, where all that is free must be. */
static int64_t reserve_in_force(struct quota_core *core, uint32_t id, uint64_t mode)
{
	struct quota_seat seat = quota_seat_at(core, id);
	int64_t reserve = quota_number(&seat.pool->reserve);

	if (mode & QUOTA_PATENT || !(mode & QUOTA_EARLY))
		return 0;
	if (reserve > 0)
		(void)quota_seat_seal(&seat);
	return reserve;
}

/* --- the return ------------------------------------------------------------------------------- */

bool quota_guard_return(struct quota_pool *pool, int64_t units, uint64_t now_ms)
{
	uint64_t since = atomic_load_explicit(&pool->free_since_ms, memory_order_relaxed);
	uint64_t hold_ms = atomic_load_explicit(&pool->hold_ms, memory_order_relaxed);

	if (units < quota_number(&pool->return_free)) {
		if (since != 0)
			atomic_store_explicit(&pool->free_since_ms, 0, memory_order_relaxed);
		return false;
	}
	if (since == 0) {
		since = now_ms > 0 ? now_ms : 1;
		atomic_store_explicit(&pool->free_since_ms, since, memory_order_relaxed);
	}
	if (now_ms < since + hold_ms)
		return false;
	atomic_fetch_and_explicit(&pool->mode, ~QUOTA_RETURNING, memory_order_acq_rel);
	return true;
}

static void begin_return(struct quota_core *core, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(core->map, id);

	if (quota_load(&pool->mode) & QUOTA_RETURNING)
		return;
	atomic_store_explicit(&pool->free_since_ms, 0, memory_order_relaxed);
	quota_chaos(&pool->mode, QUOTA_STEP_ADD);
	atomic_fetch_or_explicit(&pool->mode, QUOTA_RETURNING, memory_order_acq_rel);
	quota_trace_core(core, id, QUOTA_EVENT_RETURNING, 0, 0);
}

static bool is_over(struct quota_core *core, uint32_t id)
{
	if (!quota_guard_return(quota_pool_at(core->map, id), free_units(core->map, id),
				clock_ms()))
		return false;
	quota_trace_core(core, id, QUOTA_EVENT_NORMAL, 0, 0);
	return true;
}

/* Free units become fewer by takes only, and every take of a pool that is RETURNING is seen here:
 * what was free at two looks was free between them. */
void quota_guard_given(struct quota_core *core, uint32_t id)
{
	(void)is_over(core, id);
}

/* --- together --------------------------------------------------------------------------------- */

static enum quota_result refuse(struct quota_core *core, enum quota_why why)
{
	core->why = why;
	return QUOTA_FULL;
}

static enum quota_result take_kept(struct quota_core *core, uint32_t id, uint64_t mode)
{
	enum quota_result result = quota_take_free(core, id, mode, 0);

	if (mode & QUOTA_RETURNING)
		(void)is_over(core, id);
	return result;
}

enum quota_result quota_guard_take(struct quota_core *core, uint32_t id, uint64_t mode,
				   enum quota_class class)
{
	enum quota_result result;

	if (mode & QUOTA_FROZEN) {
		core->why = QUOTA_WHY_AUDIT;
		return QUOTA_AGAIN;
	}
	if (class == QUOTA_CLASS_KEPT) {
		result = take_kept(core, id, mode);
	} else {
		if (mode & QUOTA_RETURNING && !is_over(core, id))
			return refuse(core, QUOTA_WHY_HYSTERESIS);
		if (mode & QUOTA_EARLY && is_early(core, id))
			result = refuse(core, QUOTA_WHY_EARLY);
		else
			result = quota_take_free(core, id, mode, reserve_in_force(core, id, mode));
	}
	if (result == QUOTA_FULL && mode & QUOTA_HYSTERESIS)
		begin_return(core, id);
	return result;
}

bool quota_is_full(const struct quota_map *map, uint32_t id)
{
	const struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t mode = quota_load(&pool->mode);
	int64_t used = 0;

	if (mode & QUOTA_RETURNING)
		return true;
	if (mode & QUOTA_EARLY && not_borrowed(map, id) <= quota_number(&pool->reserve))
		return true;
	for (unsigned core = 0; core < map->cores; core++)
		used += used_by(map, id, core);
	return used >= quota_number(&pool->limit);
}

/* --- counting --------------------------------------------------------------------------------- */

void quota_note_spill(struct quota_core *core, uint32_t id, enum quota_why why)
{
	struct quota_counts *counts = quota_counts_at(core->map, core->index, id);
	int64_t units;

	must(id < core->map->pools);
	stat_add(&counts->spilled[why], 1);
	quota_trace_core(core, id, QUOTA_EVENT_SPILLED, 1, why);
	if (why != QUOTA_WHY_FULL || !quota_is_patent(quota_pool_at(core->map, id)))
		return;
	units = free_units(core->map, id);
	if (units <= 0)
		return;
	stat_add(&counts->premature, 1);
	stat_add(&counts->stranded, (uint64_t)units);
}
