/* SPDX-License-Identifier: Apache-2.0 */
#include "os/clock.h"

#include "base/check.h"

#include <sys/prctl.h>
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

void clock_nap(unsigned microseconds)
{
	struct timespec time = { .tv_nsec = (long)microseconds * 1000 };

	(void)nanosleep(&time, NULL); /* shorter is no harm */
}

void clock_be_exact(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
}

uint64_t clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000u;
}
