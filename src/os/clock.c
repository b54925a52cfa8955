/* SPDX-License-Identifier: Apache-2.0 */
#include "os/clock.h"

#include "base/check.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec now;

	must(clock_gettime(id, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_ms(void)
{
	return clock_ns() / 1000000u;
}

uint64_t clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000u;
}
