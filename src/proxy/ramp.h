/* SPDX-License-Identifier: Apache-2.0
 * ramp.h - spills a rising share of the clients before a limit is reached: none at `percent` of
 * the limit, all at the limit, linear in between.
 *
 * The uses of all engines are looked at once a millisecond at most, those of this one are known at
 * once; which client it meets is chance, of a sequence that each engine begins elsewhere.
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "proxy/holding.h"

#include <stdbool.h>
#include <stdint.h>

/* Owner: the engine. */
struct ramp {
	uint32_t percent;    /* 1..99; 0: off */
	uint64_t looked_ms;  /* when the uses were learnt; 0: not yet */
	int64_t used, limit; /* then */
	uint32_t count;      /* of the uses, those of this engine */
};

/* The share to spill, in 65536ths, with so many uses of a limit. */
uint32_t ramp_share(uint32_t percent, int64_t used, int64_t limit);
/* Whether the next client of what is held spills; `seed` is the engine's and moves on. */
bool ramp_spills(struct ramp *ramp, const struct quota_map *map, const struct holding *holding,
		 uint64_t now_ms, uint64_t *seed) MUST_USE;
