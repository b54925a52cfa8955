/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: an audit of a sound pool finds nothing, however the engines take and give meanwhile and
 * whatever becomes of limit and rule; there are never more uses than the limit; and who reads the
 * trace and the counts meanwhile reads whole entries.
 */
#include "admit/quota_audit.h"
#include "admit/quota_core_priv.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENGINES = 4, AUDITS = 1500, LIMIT_MOST = 600, HELD_MOST = 200 };

struct worker {
	pthread_t thread;
	struct quota_core *core;
	uint64_t random;
};

static struct worker workers[ENGINES];
static uint32_t pool;
static alignas(64) _Atomic int64_t in_use;
static _Atomic int64_t over;
static _Atomic bool stopping;
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
	if (step == QUOTA_STEP_WAIT || next_random(&chaos_random) % 32 == 0)
		sched_yield();
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	int held = 0;

	chaos_random = worker->random * 31 + 7;
	while (!atomic_load(&stopping)) {
		for (uint64_t n = next_random(&worker->random) % 24; n > 0 && held < HELD_MOST;
		     n--) {
			if (quota_take(worker->core, pool) != QUOTA_OK)
				continue;
			held++;
			if (atomic_fetch_add(&in_use, 1) >= LIMIT_MOST)
				atomic_fetch_add(&over, 1);
		}
		for (uint64_t n = next_random(&worker->random) % 24; n > 0 && held > 0; n--) {
			atomic_fetch_sub(&in_use, 1);
			quota_give(worker->core, pool);
			held--;
		}
		quota_turn_end(worker->core);
	}
	for (; held > 0; held--) {
		atomic_fetch_sub(&in_use, 1);
		quota_give(worker->core, pool);
	}
	quota_turn_end(worker->core);
	return NULL;
}

static void change(struct quota_map *map, uint64_t *random)
{
	struct quota_rule rule = quota_rule_plain((unsigned)(next_random(random) % 101), 10);

	quota_set_limit(map, pool, (int64_t)(next_random(random) % (LIMIT_MOST + 1)));
	rule.mode = next_random(random) % 4 == 0 ? QUOTA_MODE_PATENT : QUOTA_MODE_EXACT;
	rule.return_free.number = (uint32_t)(next_random(random) % 2);
	quota_set_rule(map, pool, &rule);
}

static int64_t audit_once(struct quota_map *map)
{
	int64_t leak;

	must(quota_audit_begin(map, pool));
	while (!quota_audit_is_ready(map))
		sched_yield();
	must(quota_audit_end(map, &leak));
	return leak;
}

/* Entries that cannot be. */
static unsigned read_trace(const struct quota_map *map, struct quota_trace_entry *entries)
{
	size_t count = quota_trace_read(map, pool, entries);
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += entries[i].pool != pool || entries[i].times == 0 ||
			 (i > 0 && entries[i].time_ns < entries[i - 1].time_ns);
	return wrong;
}

int main(void)
{
	struct quota_map *map = quota_map_new(ENGINES, 2);
	struct quota_trace_entry *entries = calloc(quota_trace_most(map), sizeof(*entries));
	uint64_t random = 1234567, leaks = 0, wrong = 0;
	struct quota_view view;

	pool = quota_open(map, LIMIT_MOST, 80, 10);
	for (unsigned i = 0; i < ENGINES; i++) {
		workers[i] = (struct worker){ .core = quota_core_new(map, i), .random = 99 + i };
		must(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (int i = 0; i < AUDITS; i++) {
		if (i % 3 == 0)
			change(map, &random);
		leaks += audit_once(map) != 0;
		wrong += read_trace(map, entries);
	}
	atomic_store(&stopping, true);
	for (unsigned i = 0; i < ENGINES; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < ENGINES; i++)
		quota_turn_end(workers[i].core);
	quota_read(map, pool, &view);
	printf("audits %d, admitted %llu, leaks %llu, wrong entries %llu, over %lld, used %lld\n",
	       AUDITS, (unsigned long long)view.admitted, (unsigned long long)leaks,
	       (unsigned long long)wrong, (long long)over, (long long)view.used);
	must(view.admitted > AUDITS);
	must(view.audits == AUDITS && view.leak_repaired == 0);
	must(view.used == 0 && view.idle + view.available == view.limit);
	for (unsigned i = 0; i < ENGINES; i++)
		quota_core_free(workers[i].core);
	quota_map_free(map);
	free(entries);
	return leaks == 0 && wrong == 0 && over == 0 ? 0 : 1;
}
