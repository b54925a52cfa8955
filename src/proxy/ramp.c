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

bool ramp_spills(struct ramp *ramp, const struct quota_map *map, uint32_t pool, uint64_t now_ms,
		 uint64_t *seed)
{
	struct quota_view view;

	if (ramp->percent == 0 || pool == QUOTA_NONE)
		return false;
	if (ramp->looked_ms != now_ms) {
		quota_read(map, pool, &view);
		ramp->share = ramp_share(ramp->percent, view.used, view.limit);
		ramp->looked_ms = now_ms;
	}
	/* The whole is the limit's own to say, exactly. */
	return ramp->share > 0 && ramp->share < WHOLE && next_of(seed) < ramp->share;
}
