/* SPDX-License-Identifier: Apache-2.0
 * clock.h - the monotonic clock. Rooms above read time once a turn and pass it as a parameter.
 */
#pragma once

#include <stdint.h>

uint64_t clock_ns(void); /* monotonic */
uint64_t clock_ms(void); /* monotonic */
/* This thread sleeps for about so long. */
void clock_nap(unsigned microseconds);
/* The thread that calls it naps, and waits with a timeout, as exactly as the kernel can. */
void clock_be_exact(void);
uint64_t clock_wall_ms(void); /* since 1970, for people to read only */
