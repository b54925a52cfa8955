/* SPDX-License-Identifier: Apache-2.0
 *
 * Control's side of a rule: the numbers that follow from it and the limit, and what happens when it
 * changes while uses live. Both modes keep every unit counted and covered (I1 and I2 in quota.c),
 * so that any rule may follow any other at any time.
 */
#include "admit/quota_core_priv.h"

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t amount_of(struct quota_amount amount, int64_t whole)
{
	return amount.is_percent ? whole * amount.number / 100 : amount.number;
}

static int64_t each_of(const struct quota_rule *rule, int64_t limit, unsigned cores)
{
	int64_t shared;

	switch (rule->deal) {
	case QUOTA_DEAL_EXCLUSIVE:
		return amount_of(rule->share, limit) / cores;
	case QUOTA_DEAL_EACH:
		return smaller(rule->share.number, limit / cores);
	case QUOTA_DEAL_SHARED:
		shared = smaller(amount_of(rule->share, limit), limit);
		return (limit - shared) / cores;
	}
	must_not_reach();
}

struct quota_split quota_rule_split(const struct quota_rule *rule, int64_t limit, unsigned cores)
{
	struct quota_split split;

	must(cores > 0 && rule->batch <= 100);
	must(limit >= 0 && limit <= QUOTA_UNLIMITED);
	split.exclusive_each = each_of(rule, limit, cores);
	split.exclusive = split.exclusive_each * cores;
	split.shared = limit - split.exclusive;
	split.batch = split.shared * rule->batch / 100;
	if (split.batch < 1)
		split.batch = 1;
	return split;
}

struct quota_split quota_split(int64_t limit, unsigned cores, unsigned exclusive_percent,
			       unsigned batch_percent)
{
	struct quota_rule rule = quota_rule_plain(exclusive_percent, batch_percent);

	must(exclusive_percent <= 100);
	return quota_rule_split(&rule, limit, cores);
}

static bool same_amount(struct quota_amount a, struct quota_amount b)
{
	return a.number == b.number && a.is_percent == b.is_percent;
}

bool quota_rule_same(const struct quota_rule *a, const struct quota_rule *b)
{
	return a->mode == b->mode && a->deal == b->deal && same_amount(a->share, b->share) &&
	       a->batch == b->batch && a->is_fixed == b->is_fixed &&
	       same_amount(a->engine_threshold, b->engine_threshold) &&
	       same_amount(a->shared_threshold, b->shared_threshold) &&
	       same_amount(a->return_free, b->return_free) && a->hold_ms == b->hold_ms;
}

/* At least one when it is wanted at all, and no more than there can be. */
static int64_t return_free_of(const struct quota_rule *rule, int64_t limit)
{
	int64_t units = rule->return_free.is_percent ? (limit * rule->return_free.number + 99) / 100
						     : rule->return_free.number;

	if (units == 0 && rule->return_free.number > 0)
		units = 1;
	return smaller(units, limit);
}

static void put(_Atomic int64_t *number, int64_t value)
{
	atomic_store_explicit(number, value, memory_order_relaxed);
}

void quota_rule_apply(const struct quota_map *map, struct quota_pool *pool, int64_t limit)
{
	const struct quota_rule *rule = &pool->rule;
	struct quota_split split = quota_rule_split(rule, limit, quota_live_count(map));

	put(&pool->limit, limit);
	put(&pool->shared, split.shared);
	put(&pool->early, amount_of(rule->engine_threshold, split.exclusive_each));
	put(&pool->reserve,
	    limit == QUOTA_UNLIMITED
		    ? 0
		    : smaller(amount_of(rule->shared_threshold, split.shared), limit));
	put(&pool->return_free, return_free_of(rule, limit));
	atomic_store_explicit(&pool->hold_ms, rule->hold_ms, memory_order_relaxed);
	atomic_store_explicit(&pool->floor, (int32_t)smaller(split.exclusive_each, QUOTA_STASH_MAX),
			      memory_order_relaxed);
	atomic_store_explicit(&pool->batch, (int32_t)smaller(split.batch, QUOTA_STASH_MAX),
			      memory_order_relaxed);
}

/* T1 below x, or T2 above 0. */
static bool is_moved(const struct quota_map *map, const struct quota_pool *pool, int64_t limit)
{
	struct quota_split split = quota_rule_split(&pool->rule, limit, quota_live_count(map));

	return quota_number(&pool->early) < split.exclusive_each ||
	       quota_number(&pool->reserve) > 0;
}

/* The plain scheme deals out what it can and settles at once; where some may wait, what is given
 * back is theirs at once. A reserve is one number of S. */
static uint64_t ways_of(const struct quota_map *map, const struct quota_pool *pool, int64_t limit)
{
	uint64_t queue = quota_load(&pool->mode) & QUOTA_QUEUE;

	if (pool->rule.mode == QUOTA_MODE_PATENT && queue == 0)
		return QUOTA_PATENT;
	if (quota_number(&pool->reserve) > 0 ||
	    limit < (int64_t)QUOTA_TINY_EACH * quota_live_count(map))
		return QUOTA_TINY | queue;
	if (queue == 0 && limit >= (int64_t)QUOTA_SETTLE_EACH * quota_live_count(map))
		queue = QUOTA_SETTLE;
	return queue | (pool->rule.is_fixed ? QUOTA_FIXED : 0);
}

uint64_t quota_rule_mode(const struct quota_map *map, const struct quota_pool *pool, int64_t limit)
{
	uint64_t mode = ways_of(map, pool, limit);

	if (limit == QUOTA_UNLIMITED)
		return mode;
	if (is_moved(map, pool, limit))
		mode |= QUOTA_EARLY;
	if (quota_number(&pool->return_free) > 0)
		mode |= QUOTA_HYSTERESIS;
	return mode;
}

void quota_rule_change(struct quota_pool *pool, uint64_t keep, uint64_t set)
{
	uint64_t mode = quota_load(&pool->mode);
	uint64_t next;

	if (set & QUOTA_HYSTERESIS)
		keep |= QUOTA_RETURNING;
	do {
		next = ((mode & ~(QUOTA_CHANGE - 1)) | (mode & keep) | set) + QUOTA_CHANGE;
		quota_chaos(&pool->mode, QUOTA_STEP_SWAP);
	} while (!atomic_compare_exchange_strong_explicit(
		&pool->mode, &mode, next, memory_order_seq_cst, memory_order_acquire));
}

/* In the plain scheme what an engine has in use is what it holds; and a reserve must see all that
 * is free in S. An owner that is moving uses for all this time keeps what it has. */
void quota_rule_relabel(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);

	if (!quota_is_patent(pool) && quota_number(&pool->reserve) == 0)
		return;
	for (unsigned core = 0; core < map->cores; core++)
		for (unsigned tries = 0; tries < 64; tries++) {
			if (!quota_pool_seal(pool, quota_stash_at(map, core, id), core).is_busy)
				break;
			quota_yield();
		}
}

/* DEBT stays until it is paid. */
void quota_set_rule(struct quota_map *map, uint32_t id, const struct quota_rule *rule)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	int64_t limit = quota_number(&pool->limit);

	pool->rule = *rule;
	quota_rule_apply(map, pool, limit);
	quota_rule_change(pool, QUOTA_DEBT | QUOTA_FROZEN, quota_rule_mode(map, pool, limit));
	quota_trace_control(map, id, QUOTA_EVENT_RULE, 0, 0);
	quota_rule_relabel(map, id);
	quota_queue_serve(map, id, QUOTA_SERVER_CONTROL);
}

void quota_pool_settle_by(struct quota_map *map, uint32_t id, bool turns)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	int64_t limit = quota_number(&pool->limit);

	if (quota_is_patent(pool))
		return;
	/* All else stays: what a take has to look at must not be gone for a moment. */
	quota_rule_change(pool, (QUOTA_CHANGE - 1) & ~(turns ? QUOTA_QUEUE : 0),
			  turns ? 0 : QUOTA_QUEUE);
	quota_rule_change(pool, QUOTA_DEBT | QUOTA_FROZEN, quota_rule_mode(map, pool, limit));
}

struct quota_rule quota_rule_of(const struct quota_map *map, uint32_t id)
{
	return quota_pool_at(map, id)->rule;
}
