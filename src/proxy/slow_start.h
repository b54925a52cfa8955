/* SPDX-License-Identifier: Apache-2.0
 * slow_start.h - a service that has just come up gets a part of its share first, and more with
 * every interval, until nothing is held back from it any more. Without an interval an operator
 * gives it more, by raising the step.
 *
 * In clients or requests a second: each engine gives it its part of them. In percent: of what the
 * other services got on average since the interval began, on this engine. Pure arithmetic; time is
 * milliseconds of the engine's turn and an argument.
 */
#pragma once

#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one member, on one engine. Zero: it has its whole share. */
struct slow_start {
	bool is_on;
	bool was_held; /* back, in this interval */
	uint64_t since_ms;
	uint64_t interval, second; /* since then, that `taken` and `given` are of */
	uint64_t taken;            /* choices that it got, in this second or this interval */
	uint64_t others;           /* choices that all others got, in this interval */
	uint32_t step;             /* that both are counted under */
};

/* Who shares a number for each second. */
struct slow_start_place {
	unsigned engine, engines;
};

void slow_start_begin(struct slow_start *start, uint64_t now_ms);
/* Whether it may have one more. `other_count`: services that the others' choices spread over. */
bool slow_start_allows(struct slow_start *start, const struct model_slow_start *model,
		       struct slow_start_place place, uint32_t other_count, uint64_t now_ms);
/* A choice was made: of this one, or of another. */
void slow_start_note(struct slow_start *start, bool is_chosen);
