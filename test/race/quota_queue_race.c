/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised of the line before a full pool, with many threads that take, give, wait and give up at
 * any time, while the limit changes: tickets are served in their order over all engines; never more
 * uses than the limit; nobody takes a use while somebody waits, nor waits while one is free; and at
 * the end nothing is lost. Audits meanwhile find nothing.
 *
 * Who leaves the line was in it from the end of his joining to the begin of his leaving, by the
 * numbers of one clock: a take that lies within may not succeed. Where no limit changes all threads
 * stand still now and then: then nothing is on its way, and either nobody waits or no use is free.
 */
#include "admit/quota_audit.h"
#include "admit/quota_core_priv.h"
#include "admit/quota_queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { RING_MAX = 1 << 20, MINE_MAX = 32, THREADS_MAX = 16, STANDSTILL = 40, PATIENCE = 100000000 };

struct run {
	unsigned threads;
	int64_t limit;
	uint32_t depth;
	unsigned calls; /* of each thread */
	unsigned changes;
	bool is_audited; /* after each change; bells ring twice then, and say no order */
	bool is_patient; /* nobody gives up: that helps him of whose place nobody hears */
};

/* By the clock. */
struct span {
	uint64_t begin, end;
};

struct spans {
	struct span *all; /* owned */
	size_t count;
};

struct place {
	struct quota_waiter waiter;
	uint64_t joined;
	bool is_leaving; /* gave up too late */
};

struct thread {
	const struct run *run;
	struct quota_map *map;
	struct quota_core *core;
	pthread_t thread;
	unsigned index;
	uint64_t random;
	struct place mine[MINE_MAX];
	int64_t held;
	uint64_t *tickets; /* owned: as they were served */
	size_t ticket_count;
	struct spans takes, waits; /* that succeeded; of those who left the line */
	uint64_t taken, joined, left, crowded;
};

static uint32_t pool_id;
static _Thread_local uint64_t chaos_random = 88172645463325252u;
static unsigned char rung[RING_MAX]; /* engines, in the order they were served */
static size_t rung_count;            /* only who serves writes: one at a time */
static alignas(64) _Atomic int64_t in_force;
static alignas(64) _Atomic int64_t most_in_force;
static alignas(64) _Atomic uint64_t clock_now;
static _Atomic unsigned done;
static pthread_barrier_t standstill;
static unsigned audits, leaks;

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
	/* Between a ticket and its place, above all. */
	if (next_random(&chaos_random) % (step == QUOTA_STEP_STORE ? 4 : 16) == 0)
		sched_yield();
}

static void on_ring(void *context, unsigned core)
{
	const struct run *run = context;

	if (run->is_audited)
		return;
	must(rung_count < RING_MAX);
	rung[rung_count++] = (unsigned char)core;
}

static uint64_t tick(void)
{
	return atomic_fetch_add(&clock_now, 1);
}

static void note_span(struct spans *spans, uint64_t begin)
{
	spans->all[spans->count++] = (struct span){ begin, tick() };
}

static void count_use(struct thread *thread)
{
	int64_t now = atomic_fetch_add(&in_force, 1) + 1;
	int64_t most = atomic_load(&most_in_force);

	while (now > most && !atomic_compare_exchange_weak(&most_in_force, &most, now))
		continue;
	thread->held++;
	thread->taken++;
}

static void give_use(struct thread *thread)
{
	atomic_fetch_sub(&in_force, 1);
	thread->held--;
	quota_give(thread->core, pool_id);
}

static void pick_up(struct thread *thread)
{
	struct quota_waiter *waiter;

	while ((waiter = quota_queue_next(thread->core)) != NULL) {
		struct place *place = list_entry(waiter, struct place, waiter);

		thread->tickets[thread->ticket_count++] = waiter->ticket;
		count_use(thread);
		if (place->is_leaving)
			give_use(thread);
		place->is_leaving = false;
	}
}

static struct place *some_place(struct thread *thread, bool waits)
{
	unsigned at = (unsigned)(next_random(&thread->random) % MINE_MAX);

	for (unsigned i = 0; i < MINE_MAX; i++) {
		struct place *place = &thread->mine[(at + i) % MINE_MAX];

		if (list_is_in(&place->waiter.link) == waits && !place->is_leaving)
			return place;
	}
	return NULL;
}

static void join_line(struct thread *thread)
{
	struct place *place = some_place(thread, false);
	uint64_t begin = tick();

	if (place == NULL)
		return;
	switch (quota_queue_join(thread->core, pool_id, &place->waiter)) {
	case QUOTA_JOINED:
		thread->joined++;
		place->joined = tick();
		return;
	case QUOTA_SERVED:
		note_span(&thread->takes, begin);
		count_use(thread);
		return;
	case QUOTA_CROWDED:
		thread->crowded++;
		return;
	case QUOTA_UNDECIDED:
		return;
	}
}

static void give_up(struct thread *thread)
{
	struct place *place = some_place(thread, true);
	uint64_t begin;

	if (place == NULL)
		return;
	begin = tick();
	if (quota_queue_leave(thread->core, &place->waiter)) {
		thread->left++;
		thread->waits.all[thread->waits.count++] = (struct span){ place->joined, begin };
	} else {
		place->is_leaving = true;
	}
}

static void act_once(struct thread *thread)
{
	uint64_t random = next_random(&thread->random) >> 20;

	pick_up(thread);
	if (random % 16 < 8) {
		uint64_t begin = tick();
		enum quota_result result = quota_take(thread->core, pool_id);

		if (result == QUOTA_OK) {
			note_span(&thread->takes, begin);
			count_use(thread);
		} else if (result == QUOTA_FULL)
			join_line(thread);
	} else if (random % 16 < 14) {
		if (thread->held > 0)
			give_use(thread);
	} else if (!thread->run->is_patient) {
		give_up(thread);
	}
}

static void give_all(struct thread *thread)
{
	pick_up(thread);
	while (thread->held > 0)
		give_use(thread);
	quota_turn_end(thread->core);
	sched_yield();
}

/* Nobody takes any more: whoever waits is served by those who give. */
static bool end_all(struct thread *thread)
{
	unsigned tries = 0;

	while (atomic_load(&done) < thread->run->threads + (thread->run->changes > 0))
		give_all(thread);
	do
		give_all(thread);
	while (!list_is_empty(&thread->core->queued) && tries++ < PATIENCE);
	return list_is_empty(&thread->core->queued);
}

/* All threads are between two calls: what was free went to who waits, in the call that freed it. */
static void stand_still(const struct thread *thread)
{
	if (pthread_barrier_wait(&standstill) == PTHREAD_BARRIER_SERIAL_THREAD) {
		uint64_t s = quota_pool_load(quota_pool_at(thread->map, pool_id));

		if (quota_waiters(s) > 0 && quota_available(s) > 0) {
			fprintf(stderr,
				"# threads %u limit %lld: a use is free and somebody waits\n",
				thread->run->threads, (long long)thread->run->limit);
			_exit(1); /* nobody might ever end */
		}
	}
	pthread_barrier_wait(&standstill);
}

static void *work_on(void *argument)
{
	struct thread *thread = argument;

	chaos_random = thread->random * 31 + 7;
	for (unsigned i = 0; i < thread->run->calls; i++) {
		act_once(thread);
		if (i % 16 == 15)
			quota_turn_end(thread->core);
		if (thread->run->changes == 0 && i % STANDSTILL == STANDSTILL - 1)
			stand_still(thread);
	}
	quota_turn_end(thread->core);
	atomic_fetch_add(&done, 1);
	return end_all(thread) ? NULL : thread;
}

/* Every thread ends its turns until all is done. */
static void audit(struct quota_map *map)
{
	int64_t leak;

	must(quota_audit_begin(map, pool_id));
	while (!quota_audit_is_ready(map))
		sched_yield();
	must(quota_audit_end(map, &leak));
	audits++;
	leaks += leak != 0;
}

static void change_limits(const struct run *run, struct quota_map *map, uint64_t random)
{
	chaos_random = random + 99;
	for (unsigned i = 0; i < run->changes; i++) {
		uint64_t limit = next_random(&random) % (uint64_t)(run->limit + 1);

		for (unsigned pause = 0; pause < 20; pause++)
			sched_yield();
		quota_set_limit(map, pool_id, (int64_t)limit);
		if (run->is_audited)
			audit(map);
	}
	quota_set_limit(map, pool_id, run->limit);
	atomic_fetch_add(&done, 1);
}

/* Every bell was one ticket of that engine, the next in its order. */
static bool is_in_order(const struct run *run, const struct thread *threads)
{
	size_t at[THREADS_MAX] = { 0 };
	uint64_t last = 0;

	if (run->is_audited)
		return true;
	for (size_t i = 0; i < rung_count; i++) {
		const struct thread *thread = &threads[rung[i]];
		uint64_t ticket;

		if (at[rung[i]] == thread->ticket_count)
			return false;
		ticket = thread->tickets[at[rung[i]]++];
		if (ticket <= last)
			return false;
		last = ticket;
	}
	for (unsigned i = 0; i < run->threads; i++)
		if (at[i] != threads[i].ticket_count)
			return false;
	return true;
}

/* How many takes lie within the wait of somebody who waited from before to after. */
static size_t count_passed(const struct run *run, const struct thread *threads)
{
	/* By the begin of a wait: the latest end of those that began until then. */
	uint64_t ticks = atomic_load(&clock_now), *ends = calloc(ticks + 1, sizeof(*ends));
	size_t passed = 0;

	must(ends != NULL);
	for (unsigned i = 0; i < run->threads; i++)
		for (size_t n = 0; n < threads[i].waits.count; n++)
			ends[threads[i].waits.all[n].begin] = threads[i].waits.all[n].end;
	for (uint64_t at = 1; at < ticks; at++)
		if (ends[at] < ends[at - 1])
			ends[at] = ends[at - 1];
	for (unsigned i = 0; i < run->threads; i++)
		for (size_t n = 0; n < threads[i].takes.count; n++)
			passed += ends[threads[i].takes.all[n].begin] > threads[i].takes.all[n].end;
	free(ends);
	return passed;
}

static bool judge_run(const struct run *run, struct quota_map *map, const struct thread *threads,
		      unsigned stuck)
{
	uint64_t s = quota_pool_load(quota_pool_at(map, pool_id));
	struct quota_view view;
	uint64_t joined = 0, left = 0, served = 0, crowded = 0;
	size_t passed;
	bool passes;

	quota_read(map, pool_id, &view);
	for (unsigned i = 0; i < run->threads; i++) {
		joined += threads[i].joined;
		left += threads[i].left;
		served += threads[i].ticket_count;
		crowded += threads[i].crowded;
	}
	passed = count_passed(run, threads);
	passes = stuck == 0 && passed == 0 && leaks == 0 &&
		 audits == (run->is_audited ? run->changes : 0) && is_in_order(run, threads) &&
		 joined == left + served && quota_waiters(s) == 0 &&
		 quota_queue_waiting(map, pool_id) == 0 && view.used == 0 &&
		 quota_available(s) + view.idle == run->limit &&
		 atomic_load(&most_in_force) <= run->limit;
	if (!passes || getenv("QUOTA_VERBOSE") != NULL)
		fprintf(passes ? stdout : stderr,
			"# threads %u limit %lld depth %u changes %u: joined %llu served %llu left "
			"%llu crowded %llu stuck %u; most %lld, at the end used %lld waiting %llu, "
			"in order %d, passed by %zu\n",
			run->threads, (long long)run->limit, run->depth, run->changes,
			(unsigned long long)joined, (unsigned long long)served,
			(unsigned long long)left, (unsigned long long)crowded, stuck,
			(long long)atomic_load(&most_in_force), (long long)view.used,
			(unsigned long long)quota_waiters(s), is_in_order(run, threads), passed);
	return passes;
}

static void start_threads(const struct run *run, struct quota_map *map, struct thread *threads,
			  uint64_t seed)
{
	for (unsigned i = 0; i < run->threads; i++) {
		threads[i] = (struct thread){ .run = run, .map = map, .index = i };
		threads[i].random = (seed + i + 1) * 0x9e3779b97f4a7c15u | 1;
		threads[i].core = quota_core_new(map, i);
		threads[i].tickets = malloc((run->calls + MINE_MAX) * sizeof(uint64_t));
		threads[i].takes.all = malloc(2 * run->calls * sizeof(struct span));
		threads[i].waits.all = malloc(run->calls * sizeof(struct span));
		must(threads[i].core != NULL && threads[i].tickets != NULL &&
		     threads[i].takes.all != NULL && threads[i].waits.all != NULL);
		for (unsigned m = 0; m < MINE_MAX; m++)
			list_init(&threads[i].mine[m].waiter.link);
	}
	for (unsigned i = 0; i < run->threads; i++)
		must(pthread_create(&threads[i].thread, NULL, work_on, &threads[i]) == 0);
}

static bool run_one(const struct run *run, uint64_t seed)
{
	static struct thread threads[THREADS_MAX];
	struct quota_map *map = quota_map_new(run->threads, 2);
	unsigned stuck = 0;
	bool passes;

	must(map != NULL);
	quota_queue_set_bell(map, on_ring, (void *)(uintptr_t)run);
	pool_id = quota_open(map, run->limit, 80, 10);
	must(quota_queue_set(map, pool_id, run->depth));
	rung_count = 0;
	atomic_store(&clock_now, 1);
	must(pthread_barrier_init(&standstill, NULL, run->threads) == 0);
	audits = leaks = 0;
	atomic_store(&in_force, 0);
	atomic_store(&most_in_force, 0);
	atomic_store(&done, 0);
	start_threads(run, map, threads, seed);
	if (run->changes > 0)
		change_limits(run, map, seed * 77 + 1);
	for (unsigned i = 0; i < run->threads; i++) {
		void *end;

		pthread_join(threads[i].thread, &end);
		stuck += end != NULL;
	}
	passes = judge_run(run, map, threads, stuck);
	for (unsigned i = 0; i < run->threads; i++) {
		quota_core_free(threads[i].core);
		free(threads[i].tickets);
		free(threads[i].takes.all);
		free(threads[i].waits.all);
	}
	pthread_barrier_destroy(&standstill);
	quota_map_free(map);
	return passes;
}

int main(void)
{
	static const struct run runs[] = {
		{ 1, 3, 8, 20000, 0, false, false },      { 2, 1, 8, 20000, 0, false, false },
		{ 2, 10, 64, 20000, 0, false, false },    { 7, 1, 3, 6000, 0, false, false },
		{ 7, 20, 64, 6000, 0, false, false },     { 7, 40, 200, 6000, 100, false, false },
		{ 16, 1, 500, 3000, 0, false, false },    { 16, 70, 500, 3000, 0, false, false },
		{ 16, 70, 500, 3000, 100, false, false }, { 4, 300, 200, 20000, 200, false, false },
		{ 3, 20, 64, 10000, 100, true, false },   { 7, 5, 200, 6000, 100, true, false },
		{ 2, 1, 1, 10000, 0, false, true },       { 7, 1, 1, 4000, 0, false, true },
	};
	const char *given = getenv("QUOTA_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
				      : (uint64_t)time(NULL) + (uint64_t)getpid();
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		failed += !run_one(&runs[i], seed + i);
	return failed > 0;
}
