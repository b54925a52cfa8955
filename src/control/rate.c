/* SPDX-License-Identifier: Apache-2.0 */
#include "control/rate.h"

#include "os/clock.h"

#include <stddef.h>

enum { BYTES_AT_ONCE = 65536 };

static uint64_t within(uint64_t number)
{
	return number < QUOTA_RATE_MOST ? number : QUOTA_RATE_MOST;
}

/* The clock is that of the engines' loops. */
static void set(struct rate *rate, unsigned engines, uint64_t per_second, uint64_t burst)
{
	uint64_t now_us = clock_ms() * 1000;

	if (rate->per_second == per_second)
		return;
	rate->per_second = per_second;
	if (per_second == 0)
		return;
	if (rate->shared != NULL)
		quota_rate_set(rate->shared, within(per_second), within(burst), now_us);
	else
		rate->shared = quota_rate_new(engines, within(per_second), within(burst), now_us);
	must(rate->shared != NULL);
}

void rate_set_bytes(struct rate *rate, unsigned engines, uint64_t per_second)
{
	uint64_t burst = per_second / 10;

	set(rate, engines, per_second, burst > BYTES_AT_ONCE ? burst : BYTES_AT_ONCE);
}

void rate_set_requests(struct rate *rate, unsigned engines, uint64_t per_second)
{
	set(rate, engines, per_second, per_second);
}

struct quota_rate *rate_shared(const struct rate *rate)
{
	return rate->per_second > 0 ? rate->shared : NULL;
}

void rate_fini(struct rate *rate)
{
	quota_rate_free(rate->shared);
	*rate = (struct rate){ 0 };
}
