/* SPDX-License-Identifier: Apache-2.0
 * quota_torture.h - drives the quota pools with many threads; quota_log.h judges their answers.
 *
 * The pools are built with QUOTA_CHAOS, so that a thread yields before every 16th or so operation
 * on a shared word.
 */
#pragma once

#include "quota_log.h"
#include "quota_mode.h"

#include "admit/quota_audit.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum shape { BALANCED, SKEW, MOVING, FLAP, SHAPES };
enum { THREADS_MAX = 64, CHANGES_MAX = 4096, UNRESOLVED_TRIES = 1000000 };

static const char *const shape_names[SHAPES] = { "balanced", "skew", "moving", "flap" };

struct torture {
	unsigned cores;
	int64_t limit; /* at the start, and what the shapes are made for */
	enum shape shape;
	uint64_t calls; /* of all threads together; with changes: until these are done */
	unsigned changes;
	bool is_patent;    /* the mode at the start; with changes the modes change, too */
	bool is_audited;   /* with changes: every fourth time the units are counted as well */
	bool ends_at_once; /* a turn is one call, so that nothing waits in a pocket */
	uint64_t seed;
	/* results */
	struct quota_verdict verdict;
	uint64_t again, unresolved, audits;
	int64_t missed; /* by audits */
	int64_t used_at_end, held_at_end, total_at_end, limit_at_end;
};

struct worker {
	struct torture *torture;
	struct quota_core *core;
	struct quota_log *log;
	pthread_t thread;
	unsigned index;
	uint64_t random, unresolved;
};

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

/* One take, asked again while undecided. */
static void take_one(struct worker *worker)
{
	for (unsigned tries = 0; tries < UNRESOLVED_TRIES; tries++) {
		if (quota_log_take(worker->log, worker->core, pool_id, quota_ticket_draw()) !=
		    QUOTA_AGAIN)
			return;
		quota_log_turn_end(worker->log, worker->core, pool_id);
		sched_yield();
	}
	worker->unresolved++;
}

/* Clients that come together: a turn of their own. */
static void take_burst(struct worker *worker, unsigned clients)
{
	quota_log_turn_end(worker->log, worker->core, pool_id);
	if (worker->log->waiting_count == 0)
		quota_log_expect(worker->log, worker->core, pool_id, clients);
	while (clients-- > 0)
		take_one(worker);
	quota_log_turn_end(worker->log, worker->core, pool_id);
}

/* How many uses this thread would like to hold now. */
static double aim(const struct worker *worker)
{
	const struct torture *torture = worker->torture;
	double each = 1.15 * (double)torture->limit / torture->cores;
	double now = (double)atomic_load_explicit(&quota_ticket, memory_order_relaxed);
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
	if (worker->log->held < wished && random % 32 == 0)
		take_burst(worker, 2 + (unsigned)(random >> 8 & 7));
	else if (worker->log->held < wished ? random % 16 < 13 : random % 16 < 1)
		take_one(worker);
	else if (worker->log->held > 0 && worker->log->waiting_count < QUOTA_LOG_WAITING_MAX)
		quota_log_give(worker->log, worker->core, pool_id);
	else
		sched_yield();
}

static uint64_t calls_of(const struct torture *torture)
{
	uint64_t least = (uint64_t)(2 * torture->limit);

	return torture->calls > least ? torture->calls : least;
}

/* All stop when the calls of all are enough: a call draws two tickets. */
static bool has_done(const struct torture *torture)
{
	if (torture->changes > 0)
		return atomic_load_explicit(&stopping, memory_order_relaxed);
	return atomic_load_explicit(&quota_ticket, memory_order_relaxed) >= 2 * calls_of(torture);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	const struct torture *torture = worker->torture;

	chaos_random = worker->random * 31 + 7;
	for (uint64_t i = 0; !has_done(torture); i++) {
		act(worker);
		if (i % 16 == 15 || torture->ends_at_once ||
		    worker->log->waiting_count > QUOTA_LOG_WAITING_MAX - 4)
			quota_log_turn_end(worker->log, worker->core, pool_id);
	}
	quota_log_turn_end(worker->log, worker->core, pool_id);
	return NULL;
}

static void audit(struct torture *torture, struct quota_map *map)
{
	int64_t leak = 0;

	if (!quota_audit_begin(map, pool_id))
		return;
	while (!quota_audit_is_ready(map))
		sched_yield();
	must(quota_audit_end(map, &leak));
	torture->audits++;
	torture->missed += leak < 0 ? -leak : leak;
}

/* A new limit each time the threads have drawn some more tickets. */
static void storm(struct torture *torture, struct quota_map *map, struct quota_change *changes)
{
	uint64_t random = torture->seed * 77 + 1;
	int64_t limit = torture->limit;

	chaos_random = torture->seed + 4242;
	for (unsigned i = 0; i < torture->changes; i++) {
		uint64_t from = atomic_load(&quota_ticket), pause = next_random(&random) % 150;
		uint64_t kind = next_random(&random) % 16;
		int64_t to = (int64_t)(next_random(&random) % (uint64_t)(torture->limit + 1));

		if (kind < 2)
			to = 0;
		else if (kind < 4)
			to = torture->limit;
		else if (kind == 4)
			to = QUOTA_UNLIMITED;
		while (atomic_load(&quota_ticket) < from + pause)
			sched_yield();
		changes[i] = (struct quota_change){ .begin = quota_ticket_draw(),
						    .from = limit,
						    .to = to };
		if (torture->is_patent)
			set_mode(map, pool_id, (enum quota_mode)(next_random(&random) % 2));
		quota_set_limit(map, pool_id, to);
		changes[i].end = quota_ticket_draw();
		limit = to;
		if (torture->is_audited && i % 4 == 3)
			audit(torture, map);
	}
	atomic_store(&stopping, true);
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
		torture->held_at_end += workers[w].log->held;
		torture->again += workers[w].log->again;
		torture->unresolved += workers[w].unresolved;
	}
}

static void torture_run(struct torture *torture)
{
	struct quota_map *map = quota_map_new(torture->cores, 3);
	static struct worker workers[THREADS_MAX];
	static struct quota_log logs[THREADS_MAX];
	static struct quota_change changes[CHANGES_MAX];

	must(map != NULL && torture->cores <= THREADS_MAX && torture->changes <= CHANGES_MAX);
	must(quota_open(map, 5, 80, 10) == 0);
	pool_id = quota_open(map, torture->limit, 80, 10);
	if (torture->is_patent)
		set_mode(map, pool_id, QUOTA_MODE_PATENT);
	atomic_store(&quota_ticket, 1);
	atomic_store(&stopping, false);
	for (unsigned w = 0; w < torture->cores; w++) {
		logs[w] = (struct quota_log){ 0 };
		workers[w] = (struct worker){ .torture = torture, .index = w, .log = &logs[w] };
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
	torture->verdict = quota_judge(logs, torture->cores, torture->limit, changes,
				       torture->changes);
	for (unsigned w = 0; w < torture->cores; w++) {
		quota_core_free(workers[w].core);
		free(logs[w].calls);
	}
	quota_map_free(map);
}

static void torture_print(const struct torture *torture, FILE *to)
{
	const struct quota_verdict *verdict = &torture->verdict;

	fprintf(to,
		"# engines %u limit %lld %s%s seed %llu: taken %llu full %llu again %llu "
		"unresolved "
		"%llu over %llu premature %llu; at the end used %lld held %lld total %lld limit "
		"%lld\n",
		torture->cores, (long long)torture->limit, shape_names[torture->shape],
		torture->ends_at_once ? ", turns of one call" : "",
		(unsigned long long)torture->seed, (unsigned long long)verdict->taken,
		(unsigned long long)verdict->full, (unsigned long long)torture->again,
		(unsigned long long)torture->unresolved, (unsigned long long)verdict->over,
		(unsigned long long)verdict->premature, (long long)torture->used_at_end,
		(long long)torture->held_at_end, (long long)torture->total_at_end,
		(long long)torture->limit_at_end);
}

/* True when all is as promised; else says what was not, with the seed. */
static bool torture_passes(struct torture *torture)
{
	torture_run(torture);
	if (torture->verdict.over == 0 && (torture->verdict.premature == 0 || torture->is_patent) &&
	    torture->unresolved == 0 && torture->missed == 0 &&
	    (torture->audits > 0) == torture->is_audited &&
	    torture->used_at_end == torture->held_at_end &&
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
