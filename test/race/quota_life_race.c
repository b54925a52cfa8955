/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: an id may be opened, used, closed and opened again for ever. Engines say that a pool is
 * gone while uses of it may still wait in their pockets, and settle later; nothing of an earlier
 * life reaches the next one: every fresh pool is whole, never has more uses than its limit, and
 * nobody but its owner touches an engine's habits.
 */
#include "admit/quota_core_priv.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ENGINES = 5, POOLS = 1, ROUNDS = 3000, TAKES = 12 };

/* What a message would carry: control stores a pool, the engine stores GONE when it has let go. */
static const uint32_t GONE = QUOTA_NONE;

struct worker {
	pthread_t thread;
	struct quota_core *core;
	uint64_t random;
	alignas(64) _Atomic uint32_t known;
};

static struct worker workers[ENGINES];
static alignas(64) _Atomic int64_t in_use, over;
static _Atomic int64_t limit_now;
static _Thread_local uint64_t chaos_random = 88172645463325252u;

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

void quota_chaos(const volatile void *word, enum quota_step step)
{
	(void)word;
	if (step == QUOTA_STEP_WAIT || next_random(&chaos_random) % 16 == 0)
		sched_yield();
}

static unsigned take_some(struct worker *worker, uint32_t pool)
{
	unsigned held = 0;

	for (uint64_t n = next_random(&worker->random) % TAKES; n > 0; n--) {
		if (quota_take(worker->core, pool) != QUOTA_OK)
			continue;
		held++;
		if (atomic_fetch_add(&in_use, 1) >= atomic_load(&limit_now))
			atomic_fetch_add(&over, 1);
	}
	return held;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	chaos_random = worker->random * 31 + 7;
	for (;;) {
		uint32_t pool = atomic_load_explicit(&worker->known, memory_order_acquire);

		if (pool == GONE) {
			quota_turn_end(worker->core);
			sched_yield();
			continue;
		}
		if (pool >= POOLS)
			return NULL;
		for (int turns = 0; turns < 3; turns++) {
			for (unsigned held = take_some(worker, pool); held > 0; held--) {
				atomic_fetch_sub(&in_use, 1);
				quota_give(worker->core, pool);
			}
			if (turns < 2)
				quota_turn_end(worker->core);
		}
		/* The pockets may still be full: they are settled after this. */
		atomic_store_explicit(&worker->known, GONE, memory_order_release);
	}
}

static void tell_all(uint32_t what)
{
	for (unsigned w = 0; w < ENGINES; w++)
		atomic_store_explicit(&workers[w].known, what, memory_order_release);
}

static void wait_until_gone(void)
{
	for (unsigned w = 0; w < ENGINES; w++)
		while (atomic_load_explicit(&workers[w].known, memory_order_acquire) != GONE)
			sched_yield();
}

/* One life of a pool; true when it was whole at its birth. */
static bool live_once(struct quota_map *map, uint64_t *random)
{
	static const int64_t limits[] = { 0, 1, 7, 30, 320, 1000, QUOTA_UNLIMITED };
	int64_t limit = limits[next_random(random) % 7];
	struct quota_view view;
	uint32_t pool;

	while ((pool = quota_open(map, limit, 80, 10)) == QUOTA_NONE)
		sched_yield();
	quota_read(map, pool, &view);
	atomic_store(&limit_now, limit);
	tell_all(pool);
	wait_until_gone();
	quota_close(map, pool);
	return view.used == 0 && view.available + view.idle == limit && view.admitted == 0;
}

int main(void)
{
	struct quota_map *map = quota_map_new(ENGINES, POOLS);
	struct timespec now;
	uint64_t seed, random;
	unsigned broken = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = getenv("QUOTA_SEED") != NULL ? strtoull(getenv("QUOTA_SEED"), NULL, 10)
					    : (uint64_t)now.tv_nsec;
	random = seed | 1;
	tell_all(GONE);
	for (unsigned w = 0; w < ENGINES; w++) {
		workers[w].core = quota_core_new(map, w);
		workers[w].random = (seed + w + 1) * 0x9e3779b97f4a7c15u | 1;
		must(pthread_create(&workers[w].thread, NULL, work, &workers[w]) == 0);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		broken += !live_once(map, &random);
	tell_all(POOLS);
	for (unsigned w = 0; w < ENGINES; w++) {
		pthread_join(workers[w].thread, NULL);
		quota_core_free(workers[w].core);
	}
	quota_map_free(map);
	if (broken > 0 || atomic_load(&over) > 0)
		fprintf(stderr, "# seed %llu: %u pools were not whole, %lld uses too many\n",
			(unsigned long long)seed, broken, (long long)atomic_load(&over));
	return broken > 0 || atomic_load(&over) > 0;
}
