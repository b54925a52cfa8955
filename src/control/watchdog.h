/* SPDX-License-Identifier: Apache-2.0
 * watchdog.h - notices an engine that does not come to the end of its turn.
 *
 * An engine that sleeps without mail has nothing to do; any other one ends a turn within
 * milliseconds. After WATCHDOG_STALL_MS it is logged and counted, once for each stall; after
 * WATCHDOG_ABORT_MS the data process aborts, so that the supervisor starts the next one: its
 * clients are lost, those of all others come back within a second. Control looks once a second;
 * when it could not look itself (the machine was stopped) nobody is blamed.
 */
#pragma once

#include "base/check.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

enum { WATCHDOG_LOOK_MS = 1000, WATCHDOG_STALL_MS = 1000, WATCHDOG_ABORT_MS = 30000 };

/* What control knows of one engine. */
struct watchdog_engine {
	uint64_t heartbeat; /* as it was when it changed last */
	uint64_t since_ms;  /* seen with that first, or idle last */
	uint64_t stalls;    /* so far */
	bool is_stalled;    /* was told */
};

enum watchdog_verdict {
	WATCHDOG_WELL,
	WATCHDOG_STALLS,  /* since now: to be told */
	WATCHDOG_STALLED, /* still */
	WATCHDOG_IS_BACK, /* to be told */
	WATCHDOG_HOPELESS
};

/* The decision. `is_idle`: it sleeps and has no mail. */
enum watchdog_verdict watchdog_judge(struct watchdog_engine *engine, uint64_t heartbeat,
				     bool is_idle, uint64_t now_ms) MUST_USE;

/* Owner: control. */
struct watchdog {
	struct loop *loop;       /* borrowed */
	struct engine **engines; /* borrowed */
	unsigned count;
	uint64_t looked_ms; /* 0: not yet */
	struct timer timer;
	struct watchdog_engine known[ENGINES_MAX];
};

void watchdog_init(struct watchdog *watchdog, struct loop *loop, struct engine **engines,
		   unsigned count);
void watchdog_fini(struct watchdog *watchdog);
/* When the engines run. */
void watchdog_start(struct watchdog *watchdog);
