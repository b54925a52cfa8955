/* SPDX-License-Identifier: Apache-2.0
 * load.h - clients that come and go at a pool, on the simulated machine of world.h.
 *
 * An engine does 10 us of work for each arrival and each departure and is busy half the time by
 * them (25,000 clients a second), departures first, up to 32 events a turn. What is offered is a
 * share of the limit; who stays how long follows from it. Every answer is judged (quota_log.h).
 */
#pragma once

#include "../race/quota_log.h"
#include "world.h"

enum load_shape {
	LOAD_BALANCED,
	LOAD_HOT,    /* all clients at one engine */
	LOAD_MOVING, /* nine of ten at one engine, another one after each life time */
	LOAD_FLAP,   /* 65 and 135 percent by turns */
	LOAD_SHAPES
};

/* What is driven. */
enum load_way {
	LOAD_POOL,         /* the pool, settling by turns when its limit is large */
	LOAD_POOL_AT_ONCE, /* a turn is one call, so nothing is settled by turns */
	LOAD_COUNTER, /* one counter that all compare-and-swap: what the costs are compared to */
	LOAD_PATENT   /* the pool in PATENT mode */
};

struct load {
	enum load_way way;
	unsigned engines;
	int64_t limit;
	enum load_shape shape;
	double offered;    /* of the limit: 0.9 */
	uint64_t attempts; /* at least; three times what is offered when that is more */
	uint64_t seed;
};

struct load_result {
	struct quota_verdict verdict;
	uint64_t again;       /* answers */
	uint64_t shared_rmw;  /* on words that are not the engine's own */
	uint64_t counted_rmw; /* what the pool itself has counted of them */
	uint64_t shared_stores;
	int64_t lost;       /* units, at the end */
	double rmw_each;    /* shared_rmw for each admitted */
	double nanoseconds; /* in the pool's code, for each take and each give */
};

struct load_result load_run(const struct load *load);
const char *load_shape_name(enum load_shape shape);
const char *load_way_name(enum load_way way);
