/* SPDX-License-Identifier: Apache-2.0
 * repeat.h - how often a command is to be sent: `stat ... -ntimes N` repeats itself.
 *
 * The appliance answers every command once. That of NetScaler's command line prints statistics N
 * times, seven seconds apart, and 0 is until it is interrupted: so does ours.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPEAT_INTERVAL_MS = 7000 };

/* How often `line` is to be sent; 0: again and again. What is no command that may be repeated, or
 * has faults, is sent once. */
uint64_t repeat_times(struct str line);
/* Waits. False: SIGINT came; that ends the program unless it `is_caught`. */
bool repeat_pause(uint32_t interval_ms, bool is_caught);
