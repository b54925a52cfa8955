/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised of rates over many threads, whatever they do at once: from the merged log of all grants,
 * in every window of w seconds at most rate * w + burst units, also over changes of the rate; and
 * under saturation at least 97 in 100 of what the rate allows.
 *
 * Time is a number that the threads move on themselves, so that the result does not depend on how
 * they are scheduled.
 */
#include "admit/quota_rate.h"
#include "admit/quota_word_priv.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 16, TURNS = 40000, CHANGES = 24, GRANTS_MAX = TURNS * 64 };

#define SECOND_US ((uint64_t)1000000)

/* A grant, with the clock it was asked by. */
struct grant {
	uint64_t us, units;
};

struct run {
	unsigned threads;
	uint64_t per_second, burst, most; /* units of one take */
	bool changes;
};

struct worker {
	const struct run *run;
	struct quota_rate *rate;
	pthread_t thread;
	unsigned index;
	uint64_t random;
	struct grant *grants; /* owned */
	size_t count;
};

/* What the rate was, from when on. */
static struct grant rates[2 * CHANGES + 1];
static unsigned rate_count;
static alignas(64) _Atomic uint64_t clock_us;
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
	(void)step;
	if (next_random(&chaos_random) % 16 == 0)
		sched_yield();
}

/* Twice what the rate brings, in takes of up to `most`. */
static void turn(struct worker *worker, uint64_t now_us, uint64_t step_us)
{
	const struct run *run = worker->run;
	uint64_t wanted = 2 * run->per_second * step_us / SECOND_US + 1;

	while (wanted > 0) {
		uint64_t most = 1 + next_random(&worker->random) % run->most;
		uint64_t got = quota_rate_take(worker->rate, worker->index, now_us, 1, most);
		uint64_t back = got > 1 && worker->random % 4 == 0 ? got / 2 : 0;

		if (got == 0)
			return;
		if (back > 0)
			quota_rate_give(worker->rate, worker->index, back);
		must(worker->count < GRANTS_MAX);
		worker->grants[worker->count++] = (struct grant){ now_us, got - back };
		wanted = wanted > got ? wanted - got : 0;
	}
}

/* Of time between two turns: the bucket must not run over meanwhile. */
static uint64_t step_of(const struct run *run)
{
	return run->burst * SECOND_US / run->per_second / (16 * run->threads) + 1;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	const struct run *run = worker->run;
	uint64_t step_us = step_of(run);

	chaos_random = worker->random * 31 + 7;
	for (unsigned i = 0; i < TURNS / run->threads; i++) {
		uint64_t us = 1 + next_random(&worker->random) % (2 * step_us);

		turn(worker, atomic_fetch_add(&clock_us, us) + us, step_us);
	}
	return NULL;
}

static void change_rates(struct quota_rate *rate, const struct run *run, uint64_t end_us)
{
	uint64_t random = run->burst * 7 + 3;

	for (unsigned i = 1; i <= CHANGES; i++) {
		uint64_t at_us = rates[0].us + (end_us - rates[0].us) * i / (CHANGES + 2), now_us;
		uint64_t per_second = run->per_second / 4 +
				      next_random(&random) % (run->per_second * 3 / 4);

		while ((now_us = atomic_load(&clock_us)) < at_us)
			sched_yield();
		/* Until the change is done the greater of the two may be granted. */
		if (per_second > rates[rate_count - 1].units)
			rates[rate_count++] = (struct grant){ now_us, per_second };
		quota_rate_set(rate, per_second, run->burst, now_us);
		rates[rate_count++] = (struct grant){ atomic_load(&clock_us), per_second };
	}
}

static int by_time(const void *a, const void *b)
{
	const struct grant *left = a, *right = b;

	return left->us < right->us ? -1 : left->us > right->us;
}

/* What the rates bring from the start to `us`. */
static double brought_by(uint64_t us)
{
	double units = 0;

	for (unsigned i = 0; i < rate_count && rates[i].us < us; i++) {
		uint64_t until = i + 1 < rate_count && rates[i + 1].us < us ? rates[i + 1].us : us;

		units += (double)rates[i].units * (double)(until - rates[i].us) / (double)SECOND_US;
	}
	return units;
}

/* The greatest sum of a window above what the rate brought in it. */
static double most_above(const struct grant *grants, size_t count)
{
	double sum = 0, least = 0, most = 0;

	for (size_t i = 0; i < count;) {
		uint64_t us = grants[i].us;
		double before = sum - brought_by(us);

		if (i == 0 || before < least)
			least = before;
		for (; i < count && grants[i].us == us; i++)
			sum += (double)grants[i].units;
		if (sum - brought_by(us) - least > most)
			most = sum - brought_by(us) - least;
	}
	return most;
}

static bool judge(const struct run *run, struct grant *grants, size_t count)
{
	double granted = 0, above, allowed = brought_by(atomic_load(&clock_us));
	bool passes;

	for (size_t i = 0; i < count; i++)
		granted += (double)grants[i].units;
	qsort(grants, count, sizeof(*grants), by_time);
	above = most_above(grants, count);
	passes = above <= (double)run->burst + 1 &&
		 (run->changes || granted >= 0.97 * (allowed + (double)run->burst));
	if (!passes || getenv("QUOTA_VERBOSE") != NULL)
		fprintf(passes ? stdout : stderr,
			"# threads %u rate %llu burst %llu takes %llu: granted %.0f = %.4f; most "
			"above the rate %.0f\n",
			run->threads, (unsigned long long)run->per_second,
			(unsigned long long)run->burst, (unsigned long long)run->most, granted,
			granted / (allowed + (double)run->burst), above);
	return passes;
}

static void start_workers(const struct run *run, struct quota_rate *rate, struct worker *workers)
{
	for (unsigned i = 0; i < run->threads; i++) {
		workers[i] = (struct worker){ .run = run, .rate = rate, .index = i };
		workers[i].random = (uint64_t)(time(NULL) + i + 1) * 0x9e3779b97f4a7c15u | 1;
		workers[i].grants = malloc(GRANTS_MAX * sizeof(struct grant));
		must(workers[i].grants != NULL);
	}
	for (unsigned i = 0; i < run->threads; i++)
		must(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
}

static struct quota_rate *rate_new(unsigned cores, uint64_t per_second, uint64_t burst,
				   uint64_t now_us)
{
	size_t bytes = (quota_rate_size(cores) + 63) / 64 * 64;
	struct quota_rate *rate = aligned_alloc(64, bytes);

	must(rate != NULL);
	memset(rate, 0, bytes);
	quota_rate_init(rate, cores, per_second, burst, now_us);
	return rate;
}

static bool run_one(const struct run *run)
{
	uint64_t start_us = 1000000, step_us = step_of(run);
	struct quota_rate *rate = rate_new(run->threads, run->per_second, run->burst, start_us);
	static struct worker workers[THREADS_MAX];
	struct grant *all;
	size_t count = 0;
	bool passes;

	atomic_store(&clock_us, start_us);
	rates[0] = (struct grant){ start_us, run->per_second };
	rate_count = 1;
	start_workers(run, rate, workers);
	if (run->changes)
		change_rates(rate, run, start_us + step_us * TURNS);
	for (unsigned i = 0; i < run->threads; i++) {
		pthread_join(workers[i].thread, NULL);
		count += workers[i].count;
	}
	all = malloc((count + 1) * sizeof(*all));
	must(all != NULL);
	count = 0;
	for (unsigned i = 0; i < run->threads; i++) {
		for (size_t g = 0; g < workers[i].count; g++)
			all[count++] = workers[i].grants[g];
		free(workers[i].grants);
	}
	passes = judge(run, all, count);
	free(all);
	free(rate);
	return passes;
}

int main(void)
{
	static const struct run runs[] = {
		{ 1, 1000, 100, 1, false },
		{ 2, 50, 10, 1, false },
		{ 2, 100000, 20000, 16, false },
		{ 8, 20, 4, 1, false },
		{ 8, 1000000, 100000, 100, false },
		{ 8, 1250000, 125000, 16384, false },
		{ 16, 1000000000, 100000000, 65536, false },
		{ 4, 100000, 20000, 16, true },
		{ 8, 1000, 100, 1, true },
	};
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		failed += !run_one(&runs[i]);
	return failed > 0;
}
