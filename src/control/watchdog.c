/* SPDX-License-Identifier: Apache-2.0 */
#include "control/watchdog.h"

#include "record/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

static bool has_ended(struct watchdog_engine *engine, uint64_t now_ms)
{
	bool was_stalled = engine->is_stalled;

	engine->is_stalled = false;
	engine->since_ms = now_ms;
	return was_stalled;
}

enum watchdog_verdict watchdog_judge(struct watchdog_engine *engine, uint64_t heartbeat,
				     bool is_idle, uint64_t now_ms)
{
	if (engine->heartbeat != heartbeat || is_idle) {
		engine->heartbeat = heartbeat;
		return has_ended(engine, now_ms) ? WATCHDOG_IS_BACK : WATCHDOG_WELL;
	}
	if (now_ms - engine->since_ms >= WATCHDOG_ABORT_MS)
		return WATCHDOG_HOPELESS;
	if (now_ms - engine->since_ms < WATCHDOG_STALL_MS)
		return WATCHDOG_WELL;
	if (engine->is_stalled)
		return WATCHDOG_STALLED;
	engine->is_stalled = true;
	engine->stalls++;
	return WATCHDOG_STALLS;
}

/* Not begun yet, or asleep without mail. */
static bool is_idle(struct engine *engine, uint64_t beat)
{
	if (beat == 0)
		return true;
	return atomic_load_explicit(&engine->loop.is_asleep, memory_order_relaxed) &&
	       !mailbox_has_mail(&engine->inbox);
}

static void look_at(struct watchdog *watchdog, unsigned index, uint64_t now_ms)
{
	struct engine *engine = watchdog->engines[index];
	struct watchdog_engine *known = &watchdog->known[index];
	uint64_t age_ms = now_ms - known->since_ms;
	uint64_t beat = atomic_load_explicit(&engine->loop.heartbeat, memory_order_relaxed);

	switch (watchdog_judge(known, beat, is_idle(engine, beat), now_ms)) {
	case WATCHDOG_WELL:
	case WATCHDOG_STALLED:
		return;
	case WATCHDOG_STALLS:
		log_write(LOG_LEVEL_ERROR,
			  "engine %u stalls: turn %" PRIu64 " is %" PRIu64 " ms old", index, beat,
			  age_ms);
		return;
	case WATCHDOG_IS_BACK:
		log_write(LOG_LEVEL_NOTICE, "engine %u goes on after %" PRIu64 " ms", index,
			  age_ms);
		return;
	case WATCHDOG_HOPELESS:
		log_write(LOG_LEVEL_ERROR,
			  "engine %u stalls for %" PRIu64 " ms: the data process is given up",
			  index, age_ms);
		abort();
	}
}

/* Who was not looked at for long is young again. */
static void look(struct timer *timer)
{
	struct watchdog *watchdog = list_entry(timer, struct watchdog, timer);
	uint64_t now_ms = watchdog->loop->now_ms;
	bool is_late = now_ms - watchdog->looked_ms >= (uint64_t)2 * WATCHDOG_LOOK_MS;

	for (unsigned i = 0; i < watchdog->count; i++) {
		if (is_late)
			watchdog->known[i].since_ms = now_ms;
		look_at(watchdog, i, now_ms);
	}
	watchdog->looked_ms = now_ms;
	timer_arm(&watchdog->loop->timers, timer, now_ms + WATCHDOG_LOOK_MS);
}

void watchdog_init(struct watchdog *watchdog, struct loop *loop, struct engine **engines,
		   unsigned count)
{
	must(count <= ENGINES_MAX);
	*watchdog = (struct watchdog){ .loop = loop, .engines = engines, .count = count };
	timer_init(&watchdog->timer, look);
}

void watchdog_fini(struct watchdog *watchdog)
{
	timer_cancel(&watchdog->loop->timers, &watchdog->timer);
}

void watchdog_start(struct watchdog *watchdog)
{
	timer_arm(&watchdog->loop->timers, &watchdog->timer,
		  watchdog->loop->now_ms + WATCHDOG_LOOK_MS);
}
