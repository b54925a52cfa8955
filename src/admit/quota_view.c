/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_core_priv.h"

/* W, then U, then W again: equal means that U belongs to it. */
static void read_core(const struct quota_map *map, uint32_t id, unsigned core, int64_t *used,
		      int64_t *idle)
{
	const _Atomic uint64_t *stash = quota_stash_at(map, core, id);
	uint64_t w, u;
	unsigned tries = 0;

	do {
		w = quota_load(stash);
		u = quota_load(quota_change_at(map, core, id));
	} while (quota_load(stash) != w && ++tries < 8);
	*used = quota_used(w) + quota_change(u, w);
	if (*used < 0)
		*used = 0;
	*idle = w & QUOTA_OPEN ? quota_idle(w) : 0;
}

/* From the numbers that engines read: the rule itself is control's alone. */
static struct quota_split split_now(const struct quota_map *map, const struct quota_pool *pool)
{
	struct quota_split split = { .shared = quota_number(&pool->shared) };

	split.exclusive = quota_number(&pool->limit) - split.shared;
	split.exclusive_each = split.exclusive / quota_live_count(map);
	split.batch = atomic_load_explicit(&pool->batch, memory_order_relaxed);
	return split;
}

void quota_read_core(const struct quota_map *map, uint32_t id, unsigned core,
		     struct quota_core_view *view)
{
	const struct quota_counts *counts = quota_counts_at(map, core, id);
	struct quota_split split = split_now(map, quota_pool_at(map, id));

	read_core(map, id, core, &view->used, &view->idle);
	view->exclusive = split.exclusive_each;
	view->borrowed = view->used > view->exclusive ? view->used - view->exclusive : 0;
	view->admitted = quota_admitted(counts);
	view->premature = stat_read(&counts->premature);
	for (unsigned why = 0; why < QUOTA_WHYS; why++)
		view->spilled[why] = stat_read(&counts->spilled[why]);
}

static void add_counts(const struct quota_map *map, uint32_t id, unsigned core,
		       struct quota_view *view)
{
	const struct quota_counts *counts = quota_counts_at(map, core, id);
	int64_t used, idle;

	read_core(map, id, core, &used, &idle);
	view->used += used;
	view->idle += idle;
	view->admitted += quota_admitted(counts);
	view->borrows += stat_read(&counts->borrowed);
	view->returned += stat_read(&counts->returned);
	view->reclaimed += stat_read(&counts->reclaimed);
	view->refused += stat_read(&counts->refused);
	view->undecided += stat_read(&counts->undecided);
	view->premature += stat_read(&counts->premature);
	view->stranded += stat_read(&counts->stranded);
	for (unsigned why = 0; why < QUOTA_WHYS; why++)
		view->spilled[why] += stat_read(&counts->spilled[why]);
}

void quota_read(const struct quota_map *map, uint32_t id, struct quota_view *view)
{
	const struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t s = quota_pool_load(pool);
	int64_t available = quota_available(s);
	uint64_t mode = quota_load(&pool->mode);

	*view = (struct quota_view){
		.limit = quota_number(&pool->limit),
		.available = available > 0 ? available : 0,
		.debt = available < 0 ? -available : 0,
		.waiters = (uint32_t)quota_waiters(s),
		.open_engines = quota_open_count(s),
		.split = split_now(map, pool),
		.engine_threshold = quota_number(&pool->early),
		.shared_threshold = quota_number(&pool->reserve),
		.is_early = mode & QUOTA_EARLY,
		.is_returning = mode & QUOTA_RETURNING,
		.free_since_ms = quota_word(&pool->free_since_ms),
		.cores = map->cores,
		.limit_changes = quota_word(&pool->limit_changes),
		.audits = quota_word(&pool->audits),
		.leak_repaired = quota_word(&pool->leak_repaired),
		.deaths = quota_word(&quota_head_at(map)->deaths),
		.mode = mode & QUOTA_PATENT ? QUOTA_MODE_PATENT : QUOTA_MODE_EXACT,
	};
	for (unsigned core = 0; core < map->cores; core++)
		add_counts(map, id, core, view);
}
