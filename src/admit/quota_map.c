/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_core_priv.h"
#include "admit/quota_queue.h"
#include "os/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LINE_BYTES = 64, PAGE_BYTES = 4096 };

static size_t round_up(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void *map_memory(size_t bytes, int flags)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void lay_out(struct quota_map *map)
{
	size_t words = round_up(map->pools * sizeof(uint64_t), LINE_BYTES);

	map->pools_at = round_up(sizeof(struct quota_head), PAGE_BYTES);
	map->cores_at = round_up(map->pools_at + map->pools * sizeof(struct quota_pool),
				 PAGE_BYTES);
	map->changes_at = words;
	map->habits_at = 2 * words;
	map->core_bytes = round_up(2 * words + map->pools * sizeof(struct quota_habit), PAGE_BYTES);
	map->bytes = map->cores_at + map->cores * map->core_bytes;
	map->counts_bytes = (size_t)map->cores * map->pools * sizeof(struct quota_counts);
}

struct quota_map *quota_map_new(unsigned cores, unsigned pools)
{
	struct quota_map *map = calloc(1, sizeof(*map));

	must(cores > 0 && cores <= QUOTA_CORES_MAX && pools > 0 && pools < QUOTA_NONE);
	if (map == NULL)
		return NULL;
	map->cores = cores;
	map->pools = pools;
	lay_out(map);
	map->base = map_memory(map->bytes, MAP_SHARED);
	map->counts = map_memory(map->counts_bytes, MAP_SHARED);
	map->traces = map_memory((cores + 1) * sizeof(*map->traces), MAP_SHARED);
	map->free_ids = calloc(pools, sizeof(uint32_t));
	map->queues = map_memory(pools * sizeof(*map->queues), MAP_PRIVATE);
	if (map->base == NULL || map->counts == NULL || map->free_ids == NULL ||
	    map->queues == NULL || map->traces == NULL) {
		quota_map_free(map);
		return NULL;
	}
	hash_init(&map->by_key, false);
	for (unsigned core = 0; core < cores; core++)
		atomic_fetch_or(&quota_head_at(map)->live[core / 64], (uint64_t)1 << core % 64);
	map->free_count = pools;
	for (uint32_t id = 0; id < pools; id++)
		map->free_ids[id] = id;
	return map;
}

void quota_map_free(struct quota_map *map)
{
	if (map == NULL)
		return;
	if (map->base != NULL)
		munmap(map->base, map->bytes);
	if (map->counts != NULL)
		munmap(map->counts, map->counts_bytes);
	if (map->traces != NULL)
		munmap(map->traces, (map->cores + 1) * sizeof(*map->traces));
	quota_queues_free(map);
	hash_fini(&map->by_key);
	free(map->free_ids);
	free(map);
}

size_t quota_map_bytes(const struct quota_map *map)
{
	return map->bytes;
}

/* On pages of its own: what one engine writes shares no line with what another writes. */
struct quota_core *quota_core_new(struct quota_map *map, unsigned index)
{
	size_t head = round_up(sizeof(struct quota_core), LINE_BYTES);
	size_t pockets = round_up(map->pools * sizeof(struct pocket), LINE_BYTES);
	size_t listed = round_up(map->pools * sizeof(uint32_t), LINE_BYTES);
	size_t bytes = head + pockets + listed + map->pools * sizeof(struct quota_line);
	char *memory = map_memory(bytes, MAP_PRIVATE);
	struct quota_core *core = (void *)memory;

	must(index < map->cores);
	if (memory == NULL)
		return NULL;
	*core = (struct quota_core){
		.map = map,
		.index = index,
		.frozen = QUOTA_NONE,
		.audit = quota_load(&quota_head_at(map)->audit),
		.bytes = bytes,
		.pockets = (void *)(memory + head),
		.listed = (void *)(memory + head + pockets),
		.lines = (void *)(memory + head + pockets + listed),
	};
	list_init(&core->queued);
	return core;
}

void quota_core_free(struct quota_core *core)
{
	if (core != NULL)
		munmap(core, core->bytes);
}

/* True when no use is in force and every engine has stored its last word: then nothing of an
 * earlier life of the pool can still arrive. A use that was given back waits in its engine's
 * pocket until the end of the turn and counts as in force. */
static bool is_settled(const struct quota_map *map, uint32_t id)
{
	for (unsigned core = 0; core < map->cores; core++) {
		uint64_t w = quota_load(quota_stash_at(map, core, id));
		uint64_t u = quota_load(quota_change_at(map, core, id));

		if (w & QUOTA_BUSY || u & QUOTA_INTENT || quota_used(w) + quota_change(u, w) != 0)
			return false;
	}
	return quota_queue_is_idle(map, id);
}

static void put_back(struct quota_map *map, uint32_t pool)
{
	must(pool < map->pools && map->free_count < map->pools);
	map->free_ids[(map->free_first + map->free_count) % map->pools] = pool;
	map->free_count++;
}

static uint32_t next_free(struct quota_map *map)
{
	for (uint32_t tries = map->free_count; tries > 0; tries--) {
		uint32_t id = map->free_ids[map->free_first];

		map->free_first = (map->free_first + 1) % map->pools;
		map->free_count--;
		if (is_settled(map, id))
			return id;
		put_back(map, id);
	}
	return QUOTA_NONE;
}

static void forget_counts(struct quota_counts *counts)
{
	struct stat_number *numbers = (struct stat_number *)counts;

	/* Only what is not zero: untouched pages stay untouched. */
	for (size_t i = 0; i < sizeof(*counts) / sizeof(*numbers); i++)
		if (stat_read(&numbers[i]) != 0)
			stat_subtract(&numbers[i], stat_read(&numbers[i]));
}

/* Gives one engine its first stash. Messages order these stores before the engine's first look. */
static void deal(struct quota_map *map, uint32_t id, unsigned core, int64_t idle, int64_t batch)
{
	struct quota_habit *habit = quota_habit_at(map, core, id);

	*habit = (struct quota_habit){
		.cap = (int32_t)lesser(2 * batch, QUOTA_STASH_MAX),
		.patience = QUOTA_PATIENCE_LEAST,
		.changes = quota_changes(quota_load(&quota_pool_at(map, id)->mode)),
		.cursor = (uint8_t)core,
		.knows_sealed = idle == 0,
	};
	quota_store(quota_change_at(map, core, id), 0);
	quota_store(quota_stash_at(map, core, id),
		    idle > 0 ? QUOTA_OPEN | (uint64_t)idle * QUOTA_IDLE_ONE : 0);
}

void quota_map_deal(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);

	quota_rule_change(pool, 0, 0); /* without a queue */
	must(quota_queue_set(map, id, 0));
	quota_rule_change(pool, 0, quota_rule_mode(map, pool, quota_number(&pool->limit)));
	quota_deal(map, id);
}

void quota_deal(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	int64_t limit = quota_number(&pool->limit), each;
	struct quota_split split = quota_rule_split(&pool->rule, limit, quota_live_count(map));
	uint64_t mode = quota_load(&pool->mode);

	must(is_settled(map, id));
	each = mode & QUOTA_TINY ? 0 : lesser(split.exclusive_each, QUOTA_STASH_MAX);
	for (unsigned core = 0; core < map->cores; core++) {
		int64_t idle = quota_is_live(map, core) ? each : 0;

		deal(map, id, core, idle, split.batch);
		if (idle > 0)
			quota_pool_mask_set(pool, core);
		else
			quota_pool_mask_clear(pool, core);
	}
	atomic_store_explicit(&pool->s,
			      (uint64_t)(limit - each * quota_live_count(map)) * QUOTA_AVAIL_ONE +
				      (each > 0 ? quota_live_count(map) : 0),
			      memory_order_seq_cst);
}

static void forget_history(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);

	for (unsigned core = 0; core < map->cores; core++)
		forget_counts(quota_counts_at(map, core, id));
	atomic_store_explicit(&pool->limit_changes, 0, memory_order_relaxed);
	atomic_store_explicit(&pool->audits, 0, memory_order_relaxed);
	atomic_store_explicit(&pool->leak_repaired, 0, memory_order_relaxed);
}

uint32_t quota_open(struct quota_map *map, int64_t limit, unsigned exclusive_percent,
		    unsigned batch_percent)
{
	uint32_t id = next_free(map);
	struct quota_pool *pool;

	if (id == QUOTA_NONE)
		return QUOTA_NONE;
	pool = quota_pool_at(map, id);
	pool->key = 0;
	pool->rule = quota_rule_plain(exclusive_percent, batch_percent);
	quota_rule_apply(map, pool, limit);
	quota_map_deal(map, id);
	forget_history(map, id);
	if (id >= quota_head_at(map)->touched)
		atomic_store_explicit(&quota_head_at(map)->touched, id + 1, memory_order_release);
	pool->opened_ns = clock_ns();
	quota_trace_control(map, id, QUOTA_EVENT_OPENED, limit, 0);
	atomic_store_explicit(&pool->is_open, true, memory_order_release);
	return id;
}

uint32_t quota_free_count(const struct quota_map *map)
{
	return map->free_count;
}

void quota_close(struct quota_map *map, uint32_t pool)
{
	atomic_store_explicit(&quota_pool_at(map, pool)->is_open, false, memory_order_release);
	put_back(map, pool);
}

/* Collects what is idle until nothing is owed, or until nothing can be idle: in both cases no
 * engine can admit what the limit forbids. Waits only for an owner that is moving uses right now;
 * one that sleeps is sealed from here. */
static void collect_debt(struct quota_map *map, struct quota_pool *pool, uint32_t id)
{
	uint64_t s = quota_pool_load(pool);

	for (unsigned round = 0; quota_available(s) < 0 && quota_open_count(s) > 0; round++) {
		for (unsigned core = 0; core < map->cores && quota_available(s) < 0; core++) {
			(void)quota_pool_seal(pool, quota_stash_at(map, core, id), core);
			s = quota_pool_load(pool);
		}
		if (round < 64)
			quota_pause();
		else
			quota_yield(); /* the owner may wait for this very processor */
		s = quota_pool_load(pool);
	}
}

void quota_set_limit(struct quota_map *map, uint32_t id, int64_t limit)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	int64_t before = quota_number(&pool->limit);

	must(limit >= 0 && limit <= QUOTA_UNLIMITED);
	quota_rule_apply(map, pool, limit);
	atomic_fetch_add_explicit(&pool->limit_changes, 1, memory_order_relaxed);
	/* DEBT stands before the limit falls: from then on nothing is reused from a pocket. */
	if (limit < before)
		quota_rule_change(pool, QUOTA_CHANGE - 1, QUOTA_DEBT | QUOTA_LOWERING);
	(void)quota_pool_add(pool, limit - before, 0);
	quota_rule_change(pool, QUOTA_DEBT | QUOTA_FROZEN, quota_rule_mode(map, pool, limit));
	quota_trace_control(map, id, QUOTA_EVENT_LIMIT, limit, 0);
	collect_debt(map, pool, id);
	if (quota_available(quota_pool_load(pool)) < 0)
		quota_trace_control(map, id, QUOTA_EVENT_DEBT,
				    -quota_available(quota_pool_load(pool)), 0);
	quota_pool_debt_end(pool);
	quota_rule_relabel(map, id);
	quota_queue_serve(map, id, QUOTA_SERVER_CONTROL);
}
