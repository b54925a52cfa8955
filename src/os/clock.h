/* SPDX-License-Identifier: Apache-2.0
 * clock.h - the monotonic clock. Rooms above read time once a turn and pass it as a parameter.
 */
#pragma once

#include <stdint.h>

uint64_t clock_ns(void);      /* monotonic */
uint64_t clock_ms(void);      /* monotonic */
uint64_t clock_wall_ms(void); /* since 1970, for people to read only */
