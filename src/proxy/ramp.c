/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/ramp.h"

enum { WHOLE = 65536 };

uint32_t ramp_share(uint32_t percent, int64_t used, int64_t limit)
{
	int64_t begin = limit * (int64_t)percent / 100;

	if (limit >= QUOTA_UNLIMITED || used <= begin)
		return 0;
	if (used >= limit)
		return WHOLE;
	return (uint32_t)((used - begin) * WHOLE / (limit - begin));
}

/* xorshift64: Marsaglia, Xorshift RNGs, 2003. */
static uint32_t next_of(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32) % WHOLE;
}

static void look(struct ramp *ramp, const struct quota_map *map, const struct holding *holding,
		 uint64_t now_ms)
{
	struct quota_view view;

	quota_read(map, holding->pool, &view);
	ramp->used = view.used;
	ramp->limit = view.limit;
	ramp->count = holding->count;
	ramp->looked_ms = now_ms;
}

bool ramp_spills(struct ramp *ramp, const struct quota_map *map, const struct holding *holding,
		 uint64_t now_ms, uint64_t *seed)
{
	uint32_t share;

	if (ramp->percent == 0 || holding->pool == QUOTA_NONE)
		return false;
	if (ramp->looked_ms != now_ms)
		look(ramp, map, holding, now_ms);
	share = ramp_share(ramp->percent,
			   ramp->used + ((int64_t)holding->count - (int64_t)ramp->count),
			   ramp->limit);
	/* The whole is the limit's own to say, exactly. */
	return share > 0 && share < WHOLE && next_of(seed) < share;
}
