/* SPDX-License-Identifier: Apache-2.0 */
#include "lb/least_priv.h"

/* Whether a is less loaded than b: a.load / a.weight < b.load / b.weight, without a division. */
static bool is_lighter(const struct lb_candidate *a, const struct lb_candidate *b)
{
	return a->load * b->weight < b->load * a->weight;
}

/* Goes once round from behind the last choice, so that the first of the equals is the next. */
int least_choose(void *memory, const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	struct least_state *state = memory;
	int best = LB_NONE;

	(void)key;
	for (unsigned step = 1; step <= count; step++) {
		unsigned index = (unsigned)(((uint64_t)state->last + step) % count);

		if (!candidates[index].is_eligible)
			continue;
		if (best == LB_NONE || is_lighter(&candidates[index], &candidates[best]))
			best = (int)index;
	}
	if (best != LB_NONE)
		state->last = (uint32_t)best;
	return best;
}
