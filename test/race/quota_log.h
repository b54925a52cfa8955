/* SPDX-License-Identifier: Apache-2.0
 * quota_log.h - what engines asked of a pool and were answered, and the judge of it.
 *
 * Each call is logged with a ticket drawn before it and one drawn after; from the log alone,
 * knowing nothing of the algorithm, the judge decides:
 *
 *   over       an admission after which more uses than the limit must be in force
 *   premature  a "full" during which the uses can at no instant have reached the limit
 *
 * A use is surely in force from the end of the take to the beginning of the give, and possibly from
 * the beginning of the take to the end of the give. While the limit changes, both its values are
 * possible. A give that waits in a pocket ends with the turn, or where a take hands it on, or with
 * the take that settles the pocket.
 *
 * Each engine writes a log of its own; they are read when all have stopped.
 */
#pragma once

#include "admit/quota_core_priv.h"

#include <stdlib.h>

enum { QUOTA_LOG_WAITING_MAX = 64 /* gives in a pocket at once */ };

struct quota_call {
	uint64_t begin, end; /* tickets; end 0: still in a pocket */
	enum { QUOTA_WAS_FULL, QUOTA_WAS_TAKEN, QUOTA_WAS_GIVEN } kind;
};

/* Of one engine. Zeroed is empty; owns its calls. */
struct quota_log {
	struct quota_call *calls;
	size_t count, room;
	size_t waiting[QUOTA_LOG_WAITING_MAX]; /* gives in the pocket: indexes of calls */
	unsigned waiting_count;
	int64_t held;
	uint64_t again;
	uint64_t burst; /* ticket of the last quota_expect() */
};

/* A change of the limit. */
struct quota_change {
	uint64_t begin, end;
	int64_t from, to;
};

struct quota_verdict {
	uint64_t taken, full, over, premature;
};

static alignas(64) _Atomic uint64_t quota_ticket = 1;

static inline uint64_t quota_ticket_draw(void)
{
	return atomic_fetch_add(&quota_ticket, 1);
}

static inline void quota_log_add(struct quota_log *log, uint64_t begin, uint64_t end, int kind)
{
	if (log->count == log->room) {
		log->room = log->room > 0 ? 2 * log->room : 4096;
		log->calls = realloc(log->calls, log->room * sizeof(log->calls[0]));
		must(log->calls != NULL);
	}
	log->calls[log->count++] = (struct quota_call){ begin, end, kind };
}

static inline void quota_log_end_gives(struct quota_log *log)
{
	while (log->waiting_count > 0)
		log->calls[log->waiting[--log->waiting_count]].end = quota_ticket_draw();
}

/* While the pool is audited its pocket stays shut, and what waits there goes on waiting. */
static inline void quota_log_turn_end(struct quota_log *log, struct quota_core *core, uint32_t pool)
{
	quota_turn_end(core);
	if (core->pockets[pool].uses == 0)
		quota_log_end_gives(log);
}

/* `begin`: a ticket drawn when it was asked for first. QUOTA_AGAIN is counted, and nothing else. */
static inline enum quota_result quota_log_take(struct quota_log *log, struct quota_core *core,
					       uint32_t pool, uint64_t begin)
{
	const struct stat_number *handed = &quota_counts_at(core->map, core->index, pool)->pocket;
	uint32_t pocketed = core->pockets[pool].uses, reserved = core->reserved;
	uint64_t now = quota_ticket_draw(), handed_before = stat_read(handed);
	enum quota_result result = quota_take(core, pool);

	if (stat_read(handed) > handed_before)
		log->calls[log->waiting[--log->waiting_count]].end = now;
	else if (core->pockets[pool].uses < pocketed)
		quota_log_end_gives(log);
	if (result == QUOTA_AGAIN) {
		log->again++;
		return result;
	}
	/* Decided when the first of its burst asked. */
	if (core->reserved < reserved)
		begin = log->burst;
	quota_log_add(log, begin, quota_ticket_draw(),
		      result == QUOTA_OK ? QUOTA_WAS_TAKEN : QUOTA_WAS_FULL);
	log->held += result == QUOTA_OK;
	return result;
}

/* In a turn without gives. */
static inline void quota_log_expect(struct quota_log *log, struct quota_core *core, uint32_t pool,
				    uint32_t clients)
{
	must(log->waiting_count == 0);
	log->burst = quota_ticket_draw();
	quota_expect(core, pool, clients);
}

static inline void quota_log_give(struct quota_log *log, struct quota_core *core, uint32_t pool)
{
	uint32_t pocketed = core->pockets[pool].uses;
	uint64_t begin = quota_ticket_draw();

	quota_give(core, pool);
	log->held--;
	if (core->pockets[pool].uses > pocketed) {
		log->waiting[log->waiting_count++] = log->count;
		quota_log_add(log, begin, 0, QUOTA_WAS_GIVEN);
	} else {
		quota_log_add(log, begin, quota_ticket_draw(), QUOTA_WAS_GIVEN);
	}
}

/* What was possible at each ticket. */
struct quota_spread {
	int64_t *least, *most;      /* limit */
	int64_t *surely, *possibly; /* uses in force */
};

static inline void quota_spread_limits(const struct quota_spread *spread, uint64_t tickets,
				       int64_t limit, const struct quota_change *changes,
				       unsigned count)
{
	unsigned i = 0;

	for (uint64_t t = 0; t < tickets; t++) {
		while (i < count && changes[i].end < t)
			limit = changes[i++].to;
		spread->least[t] = spread->most[t] = limit;
		if (i < count && changes[i].begin <= t) {
			spread->least[t] = changes[i].to < limit ? changes[i].to : limit;
			spread->most[t] = changes[i].to > limit ? changes[i].to : limit;
		}
	}
}

static inline void quota_spread_uses(const struct quota_spread *spread, const struct quota_log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		const struct quota_call *call = &log->calls[i];

		if (call->kind == QUOTA_WAS_TAKEN) {
			spread->possibly[call->begin]++;
			spread->surely[call->end]++;
		} else if (call->kind == QUOTA_WAS_GIVEN) {
			spread->surely[call->begin]--;
			spread->possibly[call->end]--;
		}
	}
}

static inline void quota_judge_call(struct quota_verdict *verdict, const struct quota_call *call,
				    const struct quota_spread *spread)
{
	bool is_right = false;

	if (call->kind == QUOTA_WAS_GIVEN)
		return;
	for (uint64_t t = call->begin; t <= call->end && !is_right; t++)
		is_right = call->kind == QUOTA_WAS_TAKEN
				   ? spread->surely[call->end] <= spread->most[t]
				   : spread->possibly[t] >= spread->least[t];
	if (call->kind == QUOTA_WAS_TAKEN) {
		verdict->taken++;
		verdict->over += !is_right;
	} else {
		verdict->full++;
		verdict->premature += !is_right;
	}
}

/* `limit`: before the first of the changes. */
static inline struct quota_verdict quota_judge(const struct quota_log *logs, unsigned engines,
					       int64_t limit, const struct quota_change *changes,
					       unsigned count)
{
	uint64_t tickets = atomic_load(&quota_ticket) + 2;
	int64_t *numbers = calloc(4 * tickets, sizeof(int64_t));
	struct quota_spread spread = { numbers, numbers + tickets, numbers + 2 * tickets,
				       numbers + 3 * tickets };
	struct quota_verdict verdict = { 0 };

	must(numbers != NULL);
	quota_spread_limits(&spread, tickets, limit, changes, count);
	for (unsigned i = 0; i < engines; i++)
		quota_spread_uses(&spread, &logs[i]);
	for (uint64_t t = 1; t < tickets; t++) {
		spread.surely[t] += spread.surely[t - 1];
		spread.possibly[t] += spread.possibly[t - 1];
	}
	for (unsigned e = 0; e < engines; e++)
		for (size_t i = 0; i < logs[e].count; i++)
			quota_judge_call(&verdict, &logs[e].calls[i], &spread);
	free(numbers);
	return verdict;
}
