/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_life.h"

#include "admit/quota_core_priv.h"

static bool is_open(const struct quota_map *map, uint32_t id)
{
	return atomic_load_explicit(&quota_pool_at(map, id)->is_open, memory_order_acquire);
}

static uint32_t touched(const struct quota_map *map)
{
	return atomic_load_explicit(&quota_head_at(map)->touched, memory_order_relaxed);
}

/* --- engines ---------------------------------------------------------------------------------- */

/* Takes the engine's word away in one step, so that what is found comes back once only. */
static void bury(struct quota_map *map, uint32_t id, unsigned core)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	_Atomic uint64_t *stash = quota_stash_at(map, core, id);
	_Atomic uint64_t *change = quota_change_at(map, core, id);
	uint64_t w = quota_load(stash);
	struct quota_habit *habit = quota_habit_at(map, core, id);

	while (!quota_swap(stash, &w, w & QUOTA_GEN))
		continue;
	int64_t used = quota_used(w) + quota_change(quota_load(change), w);
	int64_t uses = used + quota_idle(w);

	if (used > 0)
		stat_add(&quota_counts_at(map, core, id)->buried, (uint64_t)used);
	quota_store(change, quota_change_make(0, w, 0));
	quota_pool_mask_clear(pool, core);
	habit->knows_sealed = true;
	habit->singles = 0;
	if (uses != 0 || w & QUOTA_OPEN)
		(void)quota_pool_add(pool, uses, w & QUOTA_OPEN ? -1 : 0);
	quota_queue_core_dead(map, id, core);
}

/* X and x are those of the engines that live: what is kept for a dead one would be lost. */
static void deal_over(struct quota_map *map)
{
	for (uint32_t id = 0; id < touched(map); id++) {
		struct quota_rule rule = quota_rule_of(map, id);

		if (is_open(map, id))
			quota_set_rule(map, id, &rule);
	}
}

static void trace_all(const struct quota_map *map, enum quota_event event, unsigned core)
{
	for (uint32_t id = 0; id < touched(map); id++)
		if (is_open(map, id))
			quota_trace_control(map, id, event, 0, core);
}

void quota_core_dead(struct quota_map *map, unsigned core)
{
	struct quota_head *head = quota_head_at(map);

	must(core < map->cores);
	if (quota_is_live(map, core))
		atomic_fetch_add_explicit(&head->deaths, 1, memory_order_relaxed);
	atomic_fetch_and_explicit(&head->live[core / 64], ~((uint64_t)1 << core % 64),
				  memory_order_release);
	for (uint32_t id = 0; id < touched(map); id++)
		if (is_open(map, id))
			bury(map, id, core);
	trace_all(map, QUOTA_EVENT_ENGINE_DEAD, core);
	deal_over(map);
}

void quota_core_join(struct quota_map *map, unsigned core)
{
	must(core < map->cores);
	atomic_fetch_or_explicit(&quota_head_at(map)->live[core / 64], (uint64_t)1 << core % 64,
				 memory_order_release);
	trace_all(map, QUOTA_EVENT_ENGINE_JOINED, core);
	deal_over(map);
}

/* --- data processes --------------------------------------------------------------------------- */

uint64_t quota_key(const char *kind, const char *name, size_t length)
{
	uint64_t key = 0xCBF29CE484222325u; /* FNV-1a */

	for (; *kind != '\0'; kind++)
		key = (key ^ (unsigned char)*kind) * 0x100000001B3u;
	key = (key ^ '/') * 0x100000001B3u;
	for (size_t i = 0; i < length; i++)
		key = (key ^ (unsigned char)name[i]) * 0x100000001B3u;
	return key != 0 ? key : 1;
}

static struct str key_of(const uint64_t *key)
{
	return (struct str){ (const char *)key, sizeof(*key) };
}

/* What a pool that is not open has in its words may be the rest of an interrupted step. */
static void wipe(struct quota_map *map, uint32_t id)
{
	for (unsigned core = 0; core < map->cores; core++) {
		quota_store(quota_stash_at(map, core, id), 0);
		quota_store(quota_change_at(map, core, id), 0);
	}
	atomic_store_explicit(&quota_pool_at(map, id)->s, 0, memory_order_seq_cst);
}

/* Whatever the words say is taken back once; what then is missing was in flight. */
static void revive(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	int64_t limit = quota_number(&pool->limit), found;

	for (unsigned core = 0; core < map->cores; core++)
		bury(map, id, core);
	found = quota_available(quota_pool_load(pool));
	atomic_fetch_add_explicit(&pool->leak_repaired,
				  (uint64_t)(found < limit ? limit - found : found - limit),
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&pool->audits, 1, memory_order_relaxed);
	quota_trace_control(map, id, QUOTA_EVENT_REVIVED, limit - found, 0);
	quota_rule_apply(map, pool, limit);
	quota_map_deal(map, id);
}

/* Who has no key, or the key of another, will be claimed by nobody. False: it is free now. */
static bool list_by_key(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);

	if (pool->key != 0 && hash_get(&map->by_key, key_of(&pool->key)) == NULL) {
		hash_put(&map->by_key, key_of(&pool->key), (void *)(uintptr_t)(id + 1));
		return true;
	}
	atomic_store_explicit(&pool->is_open, false, memory_order_release);
	return false;
}

static bool revive_one(struct quota_map *map, uint32_t id)
{
	if (is_open(map, id)) {
		revive(map, id);
		return list_by_key(map, id);
	}
	wipe(map, id);
	return false;
}

void quota_map_revive(struct quota_map *map)
{
	struct quota_head *head = quota_head_at(map);

	for (unsigned core = 0; core < map->cores; core++)
		atomic_fetch_or(&head->live[core / 64], (uint64_t)1 << core % 64);
	if (touched(map) > 0)
		atomic_fetch_add_explicit(&head->deaths, map->cores, memory_order_relaxed);
	quota_audit_forget(map);
	hash_fini(&map->by_key);
	map->free_first = map->free_count = 0;
	for (uint32_t id = 0; id < map->pools; id++)
		if (id >= touched(map) || !revive_one(map, id))
			map->free_ids[map->free_count++] = id;
}

uint32_t quota_claim(struct quota_map *map, uint64_t key)
{
	void *found = hash_remove(&map->by_key, key_of(&key));

	return key != 0 && found != NULL ? (uint32_t)(uintptr_t)found - 1 : QUOTA_NONE;
}

void quota_set_key(struct quota_map *map, uint32_t id, uint64_t key)
{
	quota_pool_at(map, id)->key = key;
}

unsigned quota_close_unclaimed(struct quota_map *map)
{
	unsigned count = 0;
	size_t at = 0;
	void *found;

	while (hash_next(&map->by_key, &at, NULL, &found)) {
		quota_close(map, (uint32_t)(uintptr_t)found - 1);
		count++;
	}
	hash_fini(&map->by_key);
	return count;
}
