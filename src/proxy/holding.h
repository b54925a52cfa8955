/* SPDX-License-Identifier: Apache-2.0
 * holding.h - what this engine holds of one limited resource: clients of a virtual server, its
 * requests in flight, or those of the whole appliance.
 *
 * What is in force is counted whether there is a limit or not, so that a pool that is configured
 * while clients are there can know them all: see holding_move().
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

/* Ends that were seen at the last look, at most one in a millisecond; departure.h. */
struct departures {
	uint64_t count;     /* uses that have ended so far, on all engines */
	uint64_t looked_ms; /* when that was */
	uint64_t seen_ms;   /* when it was last seen to have grown; 0: never */
	bool is_closed;     /* then: a limit of 0, and nobody is there */
};

/* Owner: the engine. */
struct holding {
	uint32_t pool;   /* QUOTA_NONE: not limited */
	uint32_t count;  /* in force on this engine */
	uint32_t excess; /* of them: without a use of the pool, let in past the limit */
	struct departures departures;
};

void holding_init(struct holding *holding);
/* QUOTA_OK: one more is in force; holding_give() once. */
enum quota_result holding_take(struct holding *holding, struct quota_core *core) MUST_USE;
/* Likewise, for a client that is known: thresholds below the limit are not for it. */
enum quota_result holding_take_known(struct holding *holding, struct quota_core *core) MUST_USE;
/* One more is in force: its use was taken from the pool for it before. holding_give() once. */
void holding_adopt(struct holding *holding);
/* One more past the limit; holding_give() likewise. */
void holding_force(struct holding *holding);
void holding_give(struct holding *holding, struct quota_core *core);
/* To another pool, or to none: what is in force moves along. The new pool has no limit until every
 * engine has moved. */
void holding_move(struct holding *holding, struct quota_core *core, uint32_t pool);
/* Whether nothing is free, over all engines, now. */
bool holding_is_full(const struct holding *holding, const struct quota_map *map) MUST_USE;
