/* SPDX-License-Identifier: Apache-2.0
 *
 * What a take and a give cost, beside a plain counter of one thread and one shared counter that all
 * threads compare-and-swap. Measured in one run and printed as ratios: the nanoseconds depend on
 * the machine, the ratios much less.
 *
 *     build/bench/bench_quota [ROUNDS]
 *
 * Each thread takes 16 uses and gives them back, one turn of an event loop. "settled" gives before
 * it takes within the turn, in a pool that is large enough to settle by turns. "at the limit" has
 * 24 uses for 32 takes, so that half the time somebody is refused.
 */
#include "admit/quota.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PER_TURN = 16, TURNS = 100000, THREADS_MAX = 2, REPEATS_MAX = 99 };

struct plain {
	alignas(64) volatile int64_t used;
};

static struct plain plain[THREADS_MAX];
static alignas(64) _Atomic int64_t shared_used;
static alignas(64) int64_t shared_limit;
static struct quota_map *map;
static struct quota_core *cores[THREADS_MAX];
static uint32_t pool;
static pthread_barrier_t barrier;

struct way {
	const char *name;
	bool (*take)(unsigned thread);
	void (*give)(unsigned thread);
	void (*turn_end)(unsigned thread);
	bool gives_first;
};

struct run {
	const struct way *way;
	unsigned thread;
	double nanoseconds;
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

static const struct way plain_way = { "plain counter", take_plain, give_plain, end_nothing, false };
static const struct way shared_way = { "shared counter", take_shared, give_shared, end_nothing,
				       false };
static const struct way pool_way = { "pool", take_pool, give_pool, end_pool, false };
static const struct way settled_way = { "pool, settled", take_pool, give_pool, end_pool, true };

/* Of this thread: others that run beside it count less. */
static double now_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static unsigned take_some(const struct run *run)
{
	unsigned held = 0;

	for (unsigned i = 0; i < PER_TURN; i++)
		held += run->way->take(run->thread);
	return held;
}

static void give_all(const struct run *run, unsigned held)
{
	while (held-- > 0)
		run->way->give(run->thread);
}

static void *turn(void *argument)
{
	struct run *run = argument;
	unsigned held = run->way->gives_first ? take_some(run) : 0;
	double begin;

	pthread_barrier_wait(&barrier);
	begin = now_nanoseconds();
	for (unsigned i = 0; i < TURNS; i++) {
		if (run->way->gives_first)
			give_all(run, held);
		held = take_some(run);
		if (!run->way->gives_first)
			give_all(run, held);
		run->way->turn_end(run->thread);
	}
	run->nanoseconds = (now_nanoseconds() - begin) / ((double)TURNS * PER_TURN);
	if (run->way->gives_first)
		give_all(run, held);
	run->way->turn_end(run->thread);
	return NULL;
}

static double measure(const struct way *way, unsigned threads)
{
	struct run runs[THREADS_MAX];
	pthread_t ids[THREADS_MAX];
	double sum = 0;

	pthread_barrier_init(&barrier, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		runs[i] = (struct run){ .way = way, .thread = i };
		must(pthread_create(&ids[i], NULL, turn, &runs[i]) == 0);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += runs[i].nanoseconds;
	}
	pthread_barrier_destroy(&barrier);
	return sum / threads;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of `rounds`, on a fresh pool each time. */
static double median(const struct way *way, unsigned threads, int64_t limit, unsigned rounds)
{
	double all[REPEATS_MAX];

	shared_limit = limit;
	for (unsigned i = 0; i < rounds; i++) {
		pool = quota_open(map, limit, 80, 10);
		must(pool != QUOTA_NONE);
		all[i] = measure(way, threads);
		quota_close(map, pool);
	}
	qsort(all, rounds, sizeof(all[0]), compare);
	return all[rounds / 2];
}

static void print(const char *name, double cost, double plain_cost, double shared_cost)
{
	printf("  %-16s %7.2f ns %7.2f x plain %7.2f x shared\n", name, cost, cost / plain_cost,
	       cost / shared_cost);
}

/* Below 64 uses for each engine nothing is settled by turns; 100 leave 40 to each of two. */
static void compare_ways(const char *title, unsigned threads, int64_t small, int64_t large,
			 unsigned rounds)
{
	double plain_cost = median(&plain_way, threads, small, rounds);
	double shared_cost = median(&shared_way, threads, small, rounds);

	printf("%s\n", title);
	print(plain_way.name, plain_cost, plain_cost, shared_cost);
	print(shared_way.name, shared_cost, plain_cost, shared_cost);
	print(pool_way.name, median(&pool_way, threads, small, rounds), plain_cost, shared_cost);
	if (large > 0)
		print(settled_way.name, median(&settled_way, threads, large, rounds), plain_cost,
		      shared_cost);
}

int main(int count, char **arguments)
{
	unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 7;

	if (rounds < 1 || rounds > REPEATS_MAX) {
		fprintf(stderr, "rounds: 1 to %d\n", REPEATS_MAX);
		return 2;
	}
	map = quota_map_new(THREADS_MAX, 8);
	must(map != NULL);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		cores[i] = quota_core_new(map, i);
	printf("one take and one give, median of %u\n", rounds);
	compare_ways("1 thread, below its share", 1, 100, 100000, rounds);
	compare_ways("2 threads, below their shares", 2, 100, 100000, rounds);
	compare_ways("2 threads, at the limit", 2, 24, 0, rounds);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return 0;
}
