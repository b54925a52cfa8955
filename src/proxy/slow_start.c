/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/slow_start.h"

void slow_start_begin(struct slow_start *start, uint64_t now_ms)
{
	*start = (struct slow_start){ .is_on = true, .since_ms = now_ms };
}

/* An operator has said another number: what was missed under the old one is not caught up. */
static void take_step(struct slow_start *start, const struct model_slow_start *model)
{
	if (model->step == start->step)
		return;
	start->step = model->step;
	start->taken = start->others = 0;
}

/* An interval in which nothing was held back is the last one. */
static void move_on(struct slow_start *start, const struct model_slow_start *model, uint64_t now_ms)
{
	uint64_t passed_s = (now_ms - start->since_ms) / 1000;
	uint64_t interval = model->interval_s > 0 ? passed_s / model->interval_s : 0;

	if (interval != start->interval) {
		start->is_on = start->was_held || start->taken + start->others == 0;
		start->interval = interval;
		start->taken = start->others = 0;
		start->was_held = false;
	}
	if (!model->is_percent && passed_s != start->second)
		start->taken = 0;
	start->second = passed_s;
}

/* This engine's part of a number; the first engines have what does not divide. */
static uint64_t part_of(uint64_t number, struct slow_start_place place)
{
	return number / place.engines + (place.engine < number % place.engines ? 1 : 0);
}

static bool has_share(const struct slow_start *start, const struct model_slow_start *model,
		      struct slow_start_place place, uint32_t other_count)
{
	uint64_t allowed = (uint64_t)model->step * (start->interval + 1);

	if (!model->is_percent)
		return start->taken < part_of(allowed, place);
	/* taken + 1 of at most allowed percent of others / other_count */
	return allowed >= 100 || (start->taken + 1) * 100 * other_count <= allowed * start->others;
}

bool slow_start_allows(struct slow_start *start, const struct model_slow_start *model,
		       struct slow_start_place place, uint32_t other_count, uint64_t now_ms)
{
	if (!start->is_on)
		return true;
	if (model->step == 0 || other_count == 0) {
		start->is_on = false;
		return true;
	}
	take_step(start, model);
	move_on(start, model, now_ms);
	if (model->is_percent && (uint64_t)model->step * (start->interval + 1) >= 100)
		start->is_on = false;
	if (!start->is_on || has_share(start, model, place, other_count))
		return true;
	start->was_held = true;
	return false;
}

void slow_start_note(struct slow_start *start, bool is_chosen)
{
	if (!start->is_on)
		return;
	if (is_chosen)
		start->taken++;
	else
		start->others++;
}
