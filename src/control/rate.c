/* SPDX-License-Identifier: Apache-2.0 */
#include "control/rate.h"

#include "os/clock.h"

#include <stddef.h>

enum { BYTES_AT_ONCE = 65536 };

static uint64_t within(uint64_t number)
{
	return number < QUOTA_RATE_MOST ? number : QUOTA_RATE_MOST;
}

static struct quota_rate *open_new(struct rate_place place, uint64_t per_second, uint64_t burst)
{
	struct quota_rate *shared = vault_open(place.vault, place.key,
					       quota_rate_size(place.engines));

	quota_rate_init(shared, place.engines, per_second, burst, clock_ms() * 1000);
	return shared;
}

/* The clock is that of the engines' loops, and of every data process on this machine. */
static void write_rate(struct rate *rate, struct rate_place place, uint64_t per_second,
		       uint64_t burst)
{
	if (rate->shared == NULL) {
		rate->shared = vault_claim(place.vault, place.key, quota_rate_size(place.engines));
		if (rate->shared != NULL)
			quota_rate_revive(rate->shared);
	}
	if (rate->shared != NULL)
		quota_rate_set(rate->shared, per_second, burst, clock_ms() * 1000);
	else
		rate->shared = open_new(place, per_second, burst);
}

static void set(struct rate *rate, struct rate_place place, uint64_t per_second, uint64_t burst)
{
	if (rate->per_second != per_second) {
		rate->per_second = per_second;
		if (per_second > 0)
			write_rate(rate, place, within(per_second), within(burst));
	}
	if (rate->shared != NULL)
		vault_set_key(rate->shared, place.key);
}

void rate_set_bytes(struct rate *rate, struct rate_place place, uint64_t per_second)
{
	uint64_t burst = per_second / 10;

	set(rate, place, per_second, burst > BYTES_AT_ONCE ? burst : BYTES_AT_ONCE);
}

void rate_set_requests(struct rate *rate, struct rate_place place, uint64_t per_second)
{
	set(rate, place, per_second, per_second);
}

struct quota_rate *rate_shared(const struct rate *rate)
{
	return rate->per_second > 0 ? rate->shared : NULL;
}

void rate_fini(struct rate *rate, struct vault *vault)
{
	vault_close(vault, rate->shared);
	*rate = (struct rate){ 0 };
}
