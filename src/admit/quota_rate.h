/* SPDX-License-Identifier: Apache-2.0
 * quota_rate.h - a limit whose units come from time: so many a second, and so many at once.
 *
 * Over all engines, in every window of w seconds at most rate * w + burst units are granted: exact,
 * by the clock that the callers read (but a burst of one unit above 16384 a second: one more). The
 * shared word is a generic cell rate algorithm (GCRA, ATM Forum Traffic Management 4.0, 4.4.2)
 * counted in units; each engine keeps a prepaid stash, at most a quarter of the burst for all
 * together, which the shared word does without. Where the rate is too low for stashes (less than
 * one unit in 10 ms for each engine) there is none.
 *
 * Units are bytes or requests; times are microseconds of one monotonic clock. A clock that was read
 * a while ago grants less, never more. Rate times the time since it was last set stays below 2^60:
 * two years at 100 Gbit/s.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUOTA_RATE_MOST ((uint64_t)1 << 37) /* units a second, and of burst */

/* Shared by all engines, without pointers, on lines of its own: in memory that outlives a data
 * process it holds there as well. */
struct quota_rate;

size_t quota_rate_size(unsigned cores); /* in bytes */
/* Control, in zeroed memory of that size, 64 bytes aligned. per_second 0..QUOTA_RATE_MOST (0:
 * nothing is ever granted after the burst), burst 1..QUOTA_RATE_MOST. The whole burst is there at
 * the start. */
void quota_rate_init(struct quota_rate *rate, unsigned cores, uint64_t per_second, uint64_t burst,
		     uint64_t now_us);
/* Control, before any engine knows it: an earlier process died with it, at any step. What was
 * granted stays granted, and what engines had in their stashes is lost; then quota_rate_set(). */
void quota_rate_revive(struct quota_rate *rate);
/* Control, at any time: what is left of the old burst stays, as far as the new one holds it. */
void quota_rate_set(struct quota_rate *rate, uint64_t per_second, uint64_t burst, uint64_t now_us);

/* Engine `core`. From `least` to `most` units, or 0: at most `least` - 1 are there. least is
 * clamped to what can ever be had (quota_rate_most_at_once()). */
uint64_t quota_rate_take(struct quota_rate *rate, unsigned core, uint64_t now_us, uint64_t least,
			 uint64_t most) MUST_USE;
/* Engine `core`. What was taken and not used. */
void quota_rate_give(struct quota_rate *rate, unsigned core, uint64_t units);
/* Any thread. Units that are there for everybody; what engines hold ready, at most the burst
 * without quota_rate_most_at_once(), is not among them. */
uint64_t quota_rate_free(const struct quota_rate *rate, uint64_t now_us);
/* Any thread. Whether more than `reserve` units are there for everybody, without taking. */
bool quota_rate_has_room(const struct quota_rate *rate, uint64_t now_us, uint64_t reserve);
/* Any thread. From when on `units` may be there, if nobody takes them: >= now_us. UINT64_MAX:
 * never. */
uint64_t quota_rate_when(const struct quota_rate *rate, uint64_t now_us, uint64_t units);
/* Any thread. Whether somebody was refused within the last `calm_us`: the limit is reached. */
bool quota_rate_is_reached(const struct quota_rate *rate, uint64_t now_us, uint64_t calm_us);
uint64_t quota_rate_most_at_once(const struct quota_rate *rate);

/* Each true at some recent instant. */
struct quota_rate_view {
	uint64_t per_second, burst;
	uint64_t granted; /* units that were not given back, since it was made */
	uint64_t refused; /* calls of quota_rate_take() that got nothing */
};
void quota_rate_read(const struct quota_rate *rate, struct quota_rate_view *view);
