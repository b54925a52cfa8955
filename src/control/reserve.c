/* SPDX-License-Identifier: Apache-2.0 */
#include "control/reserve.h"

#include "admit/quota_life.h"
#include "admit/quota_queue.h"
#include "base/heap.h"

#include <stdlib.h>

void reserve_init(struct reserve *reserve)
{
	*reserve = (struct reserve){ .pool = QUOTA_NONE, .limit = PLAN_UNLIMITED };
}

static bool open_pool(struct reserve *reserve, struct quota_map *map, uint64_t key,
		      const struct quota_rule *rule, uint64_t newest)
{
	struct quota_view view;

	reserve_init(reserve);
	reserve->pool = quota_claim(map, key);
	if (reserve->pool == QUOTA_NONE)
		reserve->pool = quota_open(map, QUOTA_UNLIMITED, rule->share.number, rule->batch);
	if (reserve->pool == QUOTA_NONE)
		return false;
	quota_set_key(map, reserve->pool, key);
	quota_read(map, reserve->pool, &view);
	reserve->key = key;
	reserve->limit = view.limit == QUOTA_UNLIMITED ? PLAN_UNLIMITED : view.limit;
	reserve->rule = quota_rule_of(map, reserve->pool);
	reserve->named = newest + 1;
	return true;
}

static void leave(struct reserve *reserve, uint64_t newest, struct reserve_exit *exit)
{
	if (exit->count == exit->room) {
		exit->room = exit->room == 0 ? 16 : exit->room * 2;
		exit->left = heap_resized(exit->left, exit->room * sizeof(*exit->left));
		must(exit->left != NULL);
	}
	exit->left[exit->count++] = (struct reserve_left){ reserve->pool, newest + 1 };
	reserve_init(reserve);
}

static void share(struct reserve *reserve, struct quota_map *map, const struct quota_rule *rule)
{
	if (quota_rule_same(&reserve->rule, rule))
		return;
	reserve->rule = *rule;
	quota_set_rule(map, reserve->pool, rule);
}

static void rename_pool(struct reserve *reserve, struct quota_map *map, uint64_t key)
{
	if (reserve->key != key)
		quota_set_key(map, reserve->pool, key);
	reserve->key = key;
}

bool reserve_want(struct reserve *reserve, struct quota_map *map, uint64_t key, int64_t limit,
		  const struct quota_rule *rule, uint64_t newest, struct reserve_exit *exit)
{
	if (limit == PLAN_UNLIMITED) {
		if (reserve->pool != QUOTA_NONE)
			leave(reserve, newest, exit);
		return true;
	}
	if (reserve->pool == QUOTA_NONE && !open_pool(reserve, map, key, rule, newest))
		return false;
	rename_pool(reserve, map, key);
	share(reserve, map, rule);
	return true;
}

void reserve_apply(struct reserve *reserve, struct quota_map *map, int64_t limit, bool is_fresh,
		   uint64_t everywhere)
{
	if (reserve->pool == QUOTA_NONE || reserve->limit == limit)
		return;
	if (!is_fresh && everywhere < reserve->named)
		return;
	reserve->limit = limit;
	quota_set_limit(map, reserve->pool, limit);
	if (is_fresh)
		quota_deal(map, reserve->pool);
}

bool reserve_line_up(struct reserve *reserve, struct quota_map *map, uint32_t depth)
{
	if (reserve->pool == QUOTA_NONE || reserve->queue_depth == depth)
		return true;
	if (!quota_queue_set(map, reserve->pool, depth))
		return false;
	reserve->queue_depth = depth;
	return true;
}

void reserve_end(struct reserve *reserve, struct quota_map *map)
{
	if (reserve->pool != QUOTA_NONE)
		quota_close(map, reserve->pool);
	reserve_init(reserve);
}

void reserve_sweep(struct reserve_exit *exit, struct quota_map *map, uint64_t everywhere)
{
	size_t kept = 0;

	for (size_t i = 0; i < exit->count; i++) {
		if (exit->left[i].number <= everywhere)
			quota_close(map, exit->left[i].pool);
		else
			exit->left[kept++] = exit->left[i];
	}
	exit->count = kept;
}

void reserve_exit_fini(struct reserve_exit *exit)
{
	free(exit->left);
	*exit = (struct reserve_exit){ 0 };
}
