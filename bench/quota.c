/* SPDX-License-Identifier: Apache-2.0
 *
 * What a take and a give cost, beside a plain counter of one thread and one shared counter that all
 * threads compare-and-swap. All is measured in each round, and every figure is the median of the
 * rounds' ratios: nanoseconds depend on the machine and on who else runs, ratios much less.
 *
 *     build/bench/bench_quota [ROUNDS]         bench/quota runs it, with the counts beside it
 *
 * Two threads that do not run at the same time do not contend, so each stays on a CPU of its own,
 * and only stretches count in which both ran all the time; on a busy machine that takes patience.
 *
 * Each thread takes 16 uses and gives them back, one turn of an event loop. "Settled" gives before
 * it takes within the turn, in a pool that is large enough to settle by turns. "At the limit" there
 * are 24 uses for 32 takes, so that half the time somebody is refused.
 */
#include "admit/quota.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	PER_TURN = 16,
	TURNS = 4000, /* of a stretch: about a millisecond */
	STRETCHES_MAX = 2000,
	THREADS_MAX = 2,
	ROUNDS_MAX = 99,
	HELD = 80
};

struct plain {
	alignas(64) volatile int64_t used;
};

static struct plain plain[THREADS_MAX];
static alignas(64) _Atomic int64_t shared_used;
static alignas(64) int64_t shared_limit;
static struct quota_map *map;
static struct quota_core *cores[THREADS_MAX];
static uint32_t pool;

struct way {
	bool (*take)(unsigned thread);
	void (*give)(unsigned thread);
	void (*turn_end)(unsigned thread);
	bool gives_first;
};

static bool take_plain(unsigned thread)
{
	if (plain[thread].used >= shared_limit)
		return false;
	plain[thread].used = plain[thread].used + 1;
	return true;
}

static void give_plain(unsigned thread)
{
	plain[thread].used = plain[thread].used - 1;
}

static bool take_shared(unsigned thread)
{
	int64_t used = atomic_load(&shared_used);

	(void)thread;
	while (used < shared_limit)
		if (atomic_compare_exchange_strong(&shared_used, &used, used + 1))
			return true;
	return false;
}

static void give_shared(unsigned thread)
{
	(void)thread;
	atomic_fetch_sub(&shared_used, 1);
}

static bool take_pool(unsigned thread)
{
	return quota_take(cores[thread], pool) == QUOTA_OK;
}

static void give_pool(unsigned thread)
{
	quota_give(cores[thread], pool);
}

static void end_nothing(unsigned thread)
{
	(void)thread;
}

static void end_pool(unsigned thread)
{
	quota_turn_end(cores[thread]);
}

static const struct way plain_way = { take_plain, give_plain, end_nothing, false };
static const struct way shared_way = { take_shared, give_shared, end_nothing, false };
static const struct way pool_way = { take_pool, give_pool, end_pool, false };
static const struct way settled_way = { take_pool, give_pool, end_pool, true };
static const struct way shared_mixed_way = { take_shared, give_shared, end_nothing, true };
static const struct way plain_mixed_way = { take_plain, give_plain, end_nothing, true };

/* What is measured. Below 64 uses for each engine nothing is settled by turns; of 100 each of two
 * has 40 for itself. What is held all the time makes a pool large that has little left. */
struct measure {
	const char *name;
	const struct way *way;
	unsigned threads;
	int64_t limit;
	unsigned held; /* by each thread */
};

enum {
	PLAIN_1,
	PLAIN_MIXED_1,
	POOL_1,
	SETTLED_1,
	SHARED_2,
	POOL_2,
	SETTLED_2,
	SHARED_AT,
	SHARED_MIXED_AT,
	POOL_AT,
	SETTLED_AT,
	MEASURES
};

static const struct measure measures[MEASURES] = {
	[PLAIN_1] = { "1 thread, plain counter", &plain_way, 1, 100, 0 },
	[PLAIN_MIXED_1] = { "1 thread, plain counter, mixed turn", &plain_mixed_way, 1, 100, 0 },
	[POOL_1] = { "1 thread, pool", &pool_way, 1, 100, 0 },
	[SETTLED_1] = { "1 thread, pool, settled mixed turn", &settled_way, 1, 100000, 0 },
	[SHARED_2] = { "2 threads, shared counter", &shared_way, 2, 100, 0 },
	[POOL_2] = { "2 threads, pool", &pool_way, 2, 100, 0 },
	[SETTLED_2] = { "2 threads, pool, settled mixed turn", &settled_way, 2, 100000, 0 },
	[SHARED_AT] = { "2 threads at the limit, shared counter", &shared_way, 2, 24, 0 },
	[SHARED_MIXED_AT] = { "... mixed turn", &shared_mixed_way, 2, 24, 0 },
	[POOL_AT] = { "2 threads at the limit, pool", &pool_way, 2, 24, 0 },
	[SETTLED_AT] = { "... settled mixed turn", &settled_way, 2, 24 + 2 * HELD, HELD },
};

/* What doc/quota.md requires. */
static const struct {
	const char *name;
	unsigned measure, by;
	double most;
} required[] = {
	{ "pool below its share, 2 threads / 1 thread", POOL_2, POOL_1, 1.15 },
	{ "1 thread: pool / plain counter", POOL_1, PLAIN_1, 9 },
	{ "1 thread: pool, settled mixed turn / plain counter", SETTLED_1, PLAIN_MIXED_1, 2.5 },
	{ "2 threads below their shares: pool / shared counter", POOL_2, SHARED_2, 0.5 },
	{ "2 threads at the limit: pool / shared counter", POOL_AT, SHARED_AT, 2.5 },
	{ "2 threads at the limit: settled mixed / shared counter", SETTLED_AT, SHARED_MIXED_AT,
	  0.3 },
};

struct run {
	const struct measure *measure;
	unsigned thread, held, always;
	double nanoseconds, begin, end; /* of the last stretch: of CPU; and by the clock */
};

static struct run runs[THREADS_MAX];
static _Atomic unsigned arrived;
static _Atomic bool is_over;
static unsigned disturbed; /* measures without a stretch that counts */

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned take_some(const struct run *run, unsigned uses)
{
	unsigned held = 0;

	for (unsigned i = 0; i < uses; i++)
		held += run->measure->way->take(run->thread);
	return held;
}

static void give_all(const struct run *run, unsigned held)
{
	while (held-- > 0)
		run->measure->way->give(run->thread);
}

static void turn_over(const struct run *run, unsigned *held)
{
	const struct way *way = run->measure->way;

	if (way->gives_first)
		give_all(run, *held);
	*held = take_some(run, PER_TURN);
	if (!way->gives_first)
		give_all(run, *held);
	way->turn_end(run->thread);
}

/* Both begin within a moment: whoever comes first spins. */
static void meet(const struct run *run, unsigned meeting)
{
	atomic_fetch_add(&arrived, 1);
	for (unsigned spins = 0; atomic_load(&arrived) < run->measure->threads * meeting; spins++)
		if (spins > 10000)
			sched_yield();
}

static void run_stretch(struct run *run)
{
	double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);

	run->begin = seconds_of(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < TURNS; i++)
		turn_over(run, &run->held);
	run->end = seconds_of(CLOCK_MONOTONIC);
	run->nanoseconds = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 /
			   ((double)TURNS * PER_TURN);
}

/* Whether all threads ran all the time, at the same time. */
static bool was_undisturbed(unsigned threads)
{
	double first = runs[0].begin, last = runs[0].begin, shortest = 1e9;

	for (unsigned i = 0; i < threads; i++) {
		double length = runs[i].end - runs[i].begin;

		if (length > 1.05 * runs[i].nanoseconds * TURNS * PER_TURN / 1e9)
			return false;
		first = runs[i].begin < first ? runs[i].begin : first;
		last = runs[i].begin > last ? runs[i].begin : last;
		shortest = length < shortest ? length : shortest;
	}
	return last - first < 0.05 * shortest;
}

static void stay_on_cpu(unsigned thread)
{
	cpu_set_t allowed, one;
	unsigned seen = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && seen++ == thread) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			(void)sched_setaffinity(0, sizeof(one), &one);
			return;
		}
}

static void *run_thread(void *argument)
{
	struct run *run = argument;
	const struct way *way = run->measure->way;
	unsigned meeting = 0;

	stay_on_cpu(run->thread);
	run->always = take_some(run, run->measure->held);
	run->held = way->gives_first ? take_some(run, PER_TURN) : 0;
	for (unsigned i = 0; !atomic_load(&is_over); i++) {
		meet(run, ++meeting);
		run_stretch(run);
		meet(run, ++meeting);
		if (run->thread == 0 && i > 0 && was_undisturbed(run->measure->threads))
			atomic_store(&is_over, true);
		if (run->thread == 0 && i == STRETCHES_MAX && !atomic_load(&is_over)) {
			disturbed++;
			atomic_store(&is_over, true);
		}
		meet(run, ++meeting);
	}
	if (way->gives_first)
		give_all(run, run->held);
	give_all(run, run->always);
	way->turn_end(run->thread);
	return NULL;
}

/* Nanoseconds for a take and a give, on a fresh pool. */
static double measure_once(const struct measure *measure)
{
	pthread_t ids[THREADS_MAX];
	double sum = 0;

	shared_limit = measure->limit;
	pool = quota_open(map, measure->limit, 80, 10);
	must(pool != QUOTA_NONE);
	atomic_store(&arrived, 0);
	atomic_store(&is_over, false);
	for (unsigned i = 0; i < measure->threads; i++)
		runs[i] = (struct run){ .measure = measure, .thread = i };
	for (unsigned i = 0; i < measure->threads; i++)
		must(pthread_create(&ids[i], NULL, run_thread, &runs[i]) == 0);
	for (unsigned i = 0; i < measure->threads; i++) {
		pthread_join(ids[i], NULL);
		sum += runs[i].nanoseconds;
	}
	quota_close(map, pool);
	return sum / measure->threads;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, unsigned count)
{
	double sorted[ROUNDS_MAX];

	for (unsigned i = 0; i < count; i++)
		sorted[i] = values[i];
	qsort(sorted, count, sizeof(sorted[0]), compare);
	return sorted[count / 2];
}

static bool print_required(double costs[MEASURES][ROUNDS_MAX], unsigned rounds)
{
	bool all_met = true;

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		double ratios[ROUNDS_MAX], ratio;

		for (unsigned r = 0; r < rounds; r++)
			ratios[r] = costs[required[i].measure][r] / costs[required[i].by][r];
		ratio = median(ratios, rounds);
		all_met = all_met && ratio <= required[i].most;
		printf("%s: %.2f, at most %.2f: %s\n", required[i].name, ratio, required[i].most,
		       ratio <= required[i].most ? "met" : "NOT MET");
	}
	return all_met;
}

static bool run_all(unsigned rounds)
{
	static double costs[MEASURES][ROUNDS_MAX];

	for (unsigned r = 0; r < rounds; r++)
		for (unsigned m = 0; m < MEASURES; m++)
			costs[m][r] = measure_once(&measures[m]);
	printf("# nanoseconds for one take and one give, median of %u\n", rounds);
	for (unsigned m = 0; m < MEASURES; m++)
		printf("# %-40s %7.2f\n", measures[m].name, median(costs[m], rounds));
	if (disturbed > 0)
		printf("# disturbed: %u of %u measurements; measure when nothing else runs\n",
		       disturbed, rounds * MEASURES);
	return print_required(costs, rounds);
}

int main(int count, char **arguments)
{
	unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 7;
	bool all_met;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "rounds: 1 to %d\n", ROUNDS_MAX);
		return 2;
	}
	map = quota_map_new(THREADS_MAX, 8);
	must(map != NULL);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		cores[i] = quota_core_new(map, i);
	all_met = run_all(rounds);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return !all_met;
}
