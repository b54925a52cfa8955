/* SPDX-License-Identifier: Apache-2.0
 * quota_torture.h - drives the quota pools with many threads and judges what they answered.
 *
 * The sources of the pools are built in here with QUOTA_CHAOS, so that a thread yields before every
 * 16th or so operation on a shared word. Each call is logged with a ticket drawn before it and one
 * drawn after; from the log alone, knowing nothing of the algorithm, the judge decides:
 *
 *   over       an admission after which more uses than the limit must be in force
 *   premature  a "full" during which the uses can at no instant have reached the limit
 *
 * A use is surely in force from the end of the take to the beginning of the give, and possibly from
 * the beginning of the take to the end of the give. While the limit changes, both its values are
 * possible. A give that waits in a pocket ends with the turn, or where a take hands it on.
 */
#pragma once

#define QUOTA_CHAOS 1
#include "quota_sources.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum shape { BALANCED, SKEW, MOVING, FLAP, SHAPES };
enum { THREADS_MAX = 64, WAITING_MAX = 64, CHANGES_MAX = 4096, UNRESOLVED_TRIES = 1000000 };

static const char *const shape_names[SHAPES] = { "balanced", "skew", "moving", "flap" };

struct call {
	uint64_t begin, end; /* tickets; end 0: still in a pocket */
	enum { WAS_FULL, WAS_TAKEN, WAS_GIVEN } kind;
};

struct change {
	uint64_t begin, end;
	int64_t from, to;
};

struct torture {
	unsigned cores;
	int64_t limit;       /* at the start, and what the shapes are made for */
	int64_t least, most; /* of the changes */
	enum shape shape;
	uint64_t calls; /* of all threads together; with changes: until these are done */
	unsigned changes;
	bool is_patent; /* the mode at the start; with changes the modes change, too */
	uint64_t seed;
	/* results */
	uint64_t taken, full, again, unresolved, over, premature;
	int64_t used_at_end, held_at_end, total_at_end, limit_at_end;
};

struct worker {
	struct torture *torture;
	struct quota_core *core;
	pthread_t thread;
	unsigned index;
	uint64_t random;
	struct call *calls; /* owned */
	size_t count, room;
	size_t waiting[WAITING_MAX]; /* gives in the pocket: indexes of calls */
	unsigned waiting_count;
	int64_t held;
	uint64_t again, unresolved;
};

static alignas(64) _Atomic uint64_t ticket;
static alignas(64) _Atomic bool stopping;
static uint32_t pool_id;
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

static uint64_t draw_ticket(void)
{
	return atomic_fetch_add(&ticket, 1);
}

static struct call *log_call(struct worker *worker, uint64_t begin, uint64_t end, int kind)
{
	if (worker->count == worker->room) {
		worker->room = worker->room > 0 ? 2 * worker->room : 4096;
		worker->calls = realloc(worker->calls, worker->room * sizeof(worker->calls[0]));
		must(worker->calls != NULL);
	}
	worker->calls[worker->count] = (struct call){ begin, end, kind };
	return &worker->calls[worker->count++];
}

static void end_turn(struct worker *worker)
{
	quota_turn_end(worker->core);
	while (worker->waiting_count > 0)
		worker->calls[worker->waiting[--worker->waiting_count]].end = draw_ticket();
}

/* One take, asked again while undecided. */
static void take_one(struct worker *worker)
{
	for (unsigned tries = 0; tries < UNRESOLVED_TRIES; tries++) {
		uint64_t begin = draw_ticket();
		uint32_t pocketed = worker->core->pockets[pool_id].uses;
		enum quota_result result = quota_take(worker->core, pool_id);

		if (result == QUOTA_AGAIN) {
			worker->again++;
			end_turn(worker);
			sched_yield();
			continue;
		}
		if (worker->core->pockets[pool_id].uses < pocketed)
			worker->calls[worker->waiting[--worker->waiting_count]].end = begin;
		log_call(worker, begin, draw_ticket(), result == QUOTA_OK ? WAS_TAKEN : WAS_FULL);
		worker->held += result == QUOTA_OK;
		return;
	}
	worker->unresolved++;
}

static void give_one(struct worker *worker)
{
	uint32_t pocketed = worker->core->pockets[pool_id].uses;
	uint64_t begin = draw_ticket();

	quota_give(worker->core, pool_id);
	worker->held--;
	if (worker->core->pockets[pool_id].uses > pocketed) {
		worker->waiting[worker->waiting_count++] = worker->count;
		log_call(worker, begin, 0, WAS_GIVEN);
	} else {
		log_call(worker, begin, draw_ticket(), WAS_GIVEN);
	}
}

/* How many uses this thread would like to hold now. */
static double aim(const struct worker *worker)
{
	const struct torture *torture = worker->torture;
	double each = 1.15 * (double)torture->limit / torture->cores;
	double now = (double)atomic_load_explicit(&ticket, memory_order_relaxed);
	double limit = (double)torture->limit;

	switch (torture->shape) {
	case BALANCED:
	case SHAPES:
		return each;
	case SKEW:
		return worker->index == 0 ? 1.15 * limit + 1 : worker->random % 64 == 0;
	case MOVING:
		return (uint64_t)(now / (4 * limit + 2000)) % torture->cores == worker->index
			       ? 1.15 * limit + 1
			       : 0;
	case FLAP:
		return each * ((uint64_t)(now / (2 * limit + 1000)) % 2 ? 1.2 : 0.6);
	}
	return 0;
}

static void act(struct worker *worker)
{
	uint64_t random = next_random(&worker->random);
	double wish = aim(worker);
	int64_t wished = (int64_t)wish;

	if ((double)(random >> 33 & 1023) < (wish - (double)wished) * 1024)
		wished++;
	if (worker->held < wished ? random % 16 < 13 : random % 16 < 1)
		take_one(worker);
	else if (worker->held > 0)
		give_one(worker);
	else
		sched_yield();
}

static uint64_t share_of_calls(const struct torture *torture)
{
	uint64_t calls = torture->calls;

	if (calls < (uint64_t)(2 * torture->limit))
		calls = (uint64_t)(2 * torture->limit);
	/* Where one thread does all the work, it does all the calls. */
	return torture->shape == SKEW || torture->shape == MOVING ? calls : calls / torture->cores;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint64_t calls = share_of_calls(worker->torture);
	bool until_stop = worker->torture->changes > 0;

	chaos_random = worker->random * 31 + 7;
	for (uint64_t i = 0; (until_stop || i < calls) && !atomic_load(&stopping); i++) {
		act(worker);
		if (i % 16 == 15 || worker->waiting_count > WAITING_MAX - 4)
			end_turn(worker);
	}
	end_turn(worker);
	if (worker->torture->shape == SKEW && worker->index == 0)
		atomic_store(&stopping, true);
	return NULL;
}

/* A new limit each time the threads have drawn some more tickets. */
static void storm(struct torture *torture, struct quota_map *map, struct change *changes)
{
	uint64_t random = torture->seed * 77 + 1;
	int64_t limit = torture->limit;

	chaos_random = torture->seed + 4242;
	for (unsigned i = 0; i < torture->changes; i++) {
		uint64_t from = atomic_load(&ticket), pause = next_random(&random) % 150;
		uint64_t kind = next_random(&random) % 16;
		int64_t to = (int64_t)(next_random(&random) % (uint64_t)(torture->limit + 1));

		if (kind < 2)
			to = 0;
		else if (kind < 4)
			to = torture->limit;
		else if (kind == 4)
			to = QUOTA_UNLIMITED;
		while (atomic_load(&ticket) < from + pause)
			sched_yield();
		changes[i] = (struct change){ .begin = draw_ticket(), .from = limit, .to = to };
		if (torture->is_patent)
			quota_set_mode(map, pool_id, (enum quota_mode)(next_random(&random) % 2));
		quota_set_limit(map, pool_id, to);
		changes[i].end = draw_ticket();
		limit = to;
	}
	atomic_store(&stopping, true);
}

/* The limits that are possible at each ticket. */
static void spread_limits(const struct torture *torture, const struct change *changes,
			  uint64_t tickets, int64_t *least, int64_t *most)
{
	unsigned i = 0;
	int64_t limit = torture->limit;

	for (uint64_t t = 0; t < tickets; t++) {
		while (i < torture->changes && changes[i].end < t)
			limit = changes[i++].to;
		least[t] = most[t] = limit;
		if (i < torture->changes && changes[i].begin <= t) {
			least[t] = changes[i].to < limit ? changes[i].to : limit;
			most[t] = changes[i].to > limit ? changes[i].to : limit;
		}
	}
}

/* The uses that must, and that may be in force at each ticket. */
static void spread_uses(const struct worker *workers, unsigned cores, uint64_t tickets,
			int64_t *surely, int64_t *possibly)
{
	for (unsigned w = 0; w < cores; w++)
		for (size_t i = 0; i < workers[w].count; i++) {
			const struct call *call = &workers[w].calls[i];

			if (call->kind == WAS_TAKEN) {
				possibly[call->begin]++;
				surely[call->end]++;
			} else if (call->kind == WAS_GIVEN) {
				surely[call->begin]--;
				possibly[call->end]--;
			}
		}
	for (uint64_t t = 1; t < tickets; t++) {
		surely[t] += surely[t - 1];
		possibly[t] += possibly[t - 1];
	}
}

static void judge_call(struct torture *torture, const struct call *call, const int64_t *surely,
		       const int64_t *possibly, const int64_t *least, const int64_t *most)
{
	bool is_right = false;

	if (call->kind == WAS_GIVEN)
		return;
	for (uint64_t t = call->begin; t <= call->end && !is_right; t++)
		is_right = call->kind == WAS_TAKEN ? surely[call->end] <= most[t]
						   : possibly[t] >= least[t];
	if (call->kind == WAS_TAKEN) {
		torture->taken++;
		torture->over += !is_right;
	} else {
		torture->full++;
		torture->premature += !is_right;
	}
}

static void judge(struct torture *torture, const struct worker *workers,
		  const struct change *changes)
{
	uint64_t tickets = atomic_load(&ticket) + 2;
	int64_t *numbers = calloc(4 * tickets, sizeof(int64_t));
	int64_t *surely = numbers, *possibly = numbers + tickets;
	int64_t *least = numbers + 2 * tickets, *most = numbers + 3 * tickets;

	must(numbers != NULL);
	spread_limits(torture, changes, tickets, least, most);
	spread_uses(workers, torture->cores, tickets, surely, possibly);
	for (unsigned w = 0; w < torture->cores; w++)
		for (size_t i = 0; i < workers[w].count; i++)
			judge_call(torture, &workers[w].calls[i], surely, possibly, least, most);
	free(numbers);
}

static void take_stock(struct torture *torture, const struct quota_map *map,
		       const struct worker *workers)
{
	struct quota_view view;

	quota_read(map, pool_id, &view);
	torture->used_at_end = view.used;
	torture->limit_at_end = view.limit;
	torture->total_at_end = quota_available(quota_pool_load(quota_pool_at(map, pool_id))) +
				view.idle + view.used;
	for (unsigned w = 0; w < torture->cores; w++) {
		torture->held_at_end += workers[w].held;
		torture->again += workers[w].again;
		torture->unresolved += workers[w].unresolved;
	}
}

static void torture_run(struct torture *torture)
{
	struct quota_map *map = quota_map_new(torture->cores, 3);
	static struct worker workers[THREADS_MAX];
	static struct change changes[CHANGES_MAX];

	must(map != NULL && torture->cores <= THREADS_MAX && torture->changes <= CHANGES_MAX);
	must(quota_open(map, 5, 80, 10) == 0);
	pool_id = quota_open(map, torture->limit, 80, 10);
	if (torture->is_patent)
		quota_set_mode(map, pool_id, QUOTA_MODE_PATENT);
	atomic_store(&ticket, 1);
	atomic_store(&stopping, false);
	for (unsigned w = 0; w < torture->cores; w++) {
		workers[w] = (struct worker){ .torture = torture, .index = w };
		workers[w].random = (torture->seed + w + 1) * 0x9e3779b97f4a7c15u | 1;
		workers[w].core = quota_core_new(map, w);
	}
	for (unsigned w = 0; w < torture->cores; w++)
		must(pthread_create(&workers[w].thread, NULL, work, &workers[w]) == 0);
	if (torture->changes > 0)
		storm(torture, map, changes);
	for (unsigned w = 0; w < torture->cores; w++)
		pthread_join(workers[w].thread, NULL);
	take_stock(torture, map, workers);
	judge(torture, workers, changes);
	for (unsigned w = 0; w < torture->cores; w++) {
		quota_core_free(workers[w].core);
		free(workers[w].calls);
	}
	quota_map_free(map);
}

static void torture_print(const struct torture *torture, FILE *to)
{
	fprintf(to,
		"# engines %u limit %lld %s seed %llu: taken %llu full %llu again %llu unresolved "
		"%llu"
		" over %llu premature %llu; at the end used %lld held %lld total %lld limit %lld\n",
		torture->cores, (long long)torture->limit, shape_names[torture->shape],
		(unsigned long long)torture->seed, (unsigned long long)torture->taken,
		(unsigned long long)torture->full, (unsigned long long)torture->again,
		(unsigned long long)torture->unresolved, (unsigned long long)torture->over,
		(unsigned long long)torture->premature, (long long)torture->used_at_end,
		(long long)torture->held_at_end, (long long)torture->total_at_end,
		(long long)torture->limit_at_end);
}

/* True when all is as promised; else says what was not, with the seed. */
static bool torture_passes(struct torture *torture)
{
	torture_run(torture);
	if (torture->over == 0 && (torture->premature == 0 || torture->is_patent) &&
	    torture->unresolved == 0 && torture->used_at_end == torture->held_at_end &&
	    torture->total_at_end == torture->limit_at_end) {
		if (getenv("QUOTA_VERBOSE") != NULL)
			torture_print(torture, stdout);
		return true;
	}
	torture_print(torture, stderr);
	return false;
}

/* QUOTA_CALLS multiplies the calls, QUOTA_SEED repeats a run as far as threads allow. */
static uint64_t torture_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t torture_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return torture_number("QUOTA_SEED", (uint64_t)now.tv_nsec + (uint64_t)getpid());
}
