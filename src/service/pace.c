/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pace.h"

#include "os/socket.h"

enum { WAKES_MAX = 16 }; /* in one millisecond: the others would find nothing left */

static uint64_t now_us(const struct pace *pace)
{
	return pace->engine->loop.now_ms * 1000;
}

/* --- who waits --- */

static void arm(struct pace *pace)
{
	uint64_t now_ms = pace->engine->loop.now_ms, when_us;
	uint64_t most = quota_rate_most_at_once(pace->rate);

	when_us = quota_rate_when(pace->rate, now_us(pace), most < PACE_LEAST ? most : PACE_LEAST);
	timer_arm(&pace->engine->loop.timers, &pace->timer,
		  when_us / 1000 > now_ms ? when_us / 1000 + 1 : now_ms + 1);
}

static void wait_at(struct pace *pace, struct conn *conn)
{
	if (!list_is_in(&conn->paced))
		list_add_last(&pace->waiting, &conn->paced);
	if (!timer_is_armed(&pace->timer))
		arm(pace);
}

static void wake_first(struct pace *pace)
{
	struct conn *conn = list_entry(pace->waiting.next, struct conn, paced);

	list_remove(&conn->paced);
	loop_ready(&pace->engine->loop, conn->task);
}

static void wake_some(struct timer *timer)
{
	struct pace *pace = list_entry(timer, struct pace, timer);

	for (unsigned i = 0; i < WAKES_MAX && !list_is_empty(&pace->waiting); i++) {
		if (pace->rate != NULL && !quota_rate_has_room(pace->rate, now_us(pace), 0))
			break;
		wake_first(pace);
	}
	if (!list_is_empty(&pace->waiting))
		arm(pace);
}

/* --- the life of a limit --- */

void pace_init(struct pace *pace, struct engine *engine)
{
	*pace = (struct pace){ .engine = engine };
	list_init(&pace->waiting);
	timer_init(&pace->timer, wake_some);
}

static void change(struct pace *pace, struct quota_rate *rate)
{
	pace->engine->meters_on += (rate != NULL) - (pace->rate != NULL);
	pace->rate = rate;
}

void pace_fini(struct pace *pace)
{
	while (!list_is_empty(&pace->waiting))
		wake_first(pace);
	timer_cancel(&pace->engine->loop.timers, &pace->timer);
	change(pace, NULL);
}

void pace_set(struct pace *pace, struct quota_rate *rate)
{
	if (rate == NULL)
		pace_fini(pace);
	change(pace, rate);
}

bool pace_is_reached(const struct pace *pace)
{
	return pace->rate != NULL &&
	       quota_rate_is_reached(pace->rate, now_us(pace), PACE_CALM_MS * 1000);
}

/* --- reading --- */

static void give_back(struct pace_meter *meter, unsigned count, size_t bytes)
{
	for (unsigned i = 0; i < count && bytes > 0; i++) {
		struct pace *pace = meter->paces[i];

		if (pace != NULL && pace->rate != NULL)
			quota_rate_give(pace->rate, pace->engine->index, bytes);
	}
}

static bool is_limited(const struct pace_meter *meter)
{
	for (unsigned i = 0; i < PACES_MAX; i++)
		if (meter->paces[i] != NULL && meter->paces[i]->rate != NULL)
			return true;
	return false;
}

/* What is there to be read, so that nothing is held on suspicion that others lack. Where nothing is
 * known to be there something may come right now. */
static size_t there(const struct conn *conn, size_t wanted)
{
	size_t pending = socket_pending(conn->watch.fd);
	size_t most = pending > 0 ? pending : PACE_PROBE;

	if (most > PACE_QUANTUM)
		most = PACE_QUANTUM;
	return wanted < most ? wanted : most;
}

static size_t allow(struct conn_meter *base, struct conn *conn, size_t wanted)
{
	struct pace_meter *meter = list_entry(base, struct pace_meter, meter);

	if (LIKELY(!is_limited(meter)))
		return wanted;
	wanted = there(conn, wanted);
	for (unsigned i = 0; i < PACES_MAX; i++) {
		struct pace *pace = meter->paces[i];
		size_t least, got;

		if (pace == NULL || pace->rate == NULL)
			continue;
		least = wanted < PACE_LEAST ? wanted : PACE_LEAST;
		got = quota_rate_take(pace->rate, pace->engine->index, now_us(pace), least, wanted);
		give_back(meter, i, wanted - got);
		if (got == 0) {
			wait_at(pace, conn);
			return 0;
		}
		wanted = got;
	}
	return wanted;
}

static void unused(struct conn_meter *base, size_t bytes)
{
	give_back(list_entry(base, struct pace_meter, meter), PACES_MAX, bytes);
}

void pace_meter_init(struct pace_meter *meter, struct pace *first, struct pace *second,
		     struct pace *third)
{
	*meter = (struct pace_meter){ .meter = { .allow = allow, .unused = unused },
				      .paces = { first, second, third } };
}

void pace_meter_mind(struct pace_meter *meter, struct conn *conn)
{
	conn->meter = &meter->meter;
}
