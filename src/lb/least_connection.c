/* SPDX-License-Identifier: Apache-2.0
 * The service with the fewest connections for its weight; among equals each in turn.
 */
#include "lb/lb_priv.h"

#include <assert.h>

struct state {
	uint32_t last; /* index that was chosen last */
};

static_assert(sizeof(struct state) <= LB_STATE_MAX, "a method's state fits the slot");

/* Whether a is less loaded than b: a.load / a.weight < b.load / b.weight, without a division. */
static bool is_lighter(const struct lb_candidate *a, const struct lb_candidate *b)
{
	return a->load * b->weight < b->load * a->weight;
}

/* Goes once round from behind the last choice, so that the first of the equals is the next. */
static int choose(void *memory, const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	struct state *state = memory;
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

const struct lb_method lb_least_connection = {
	.name = "LEASTCONNECTION",
	.help = "the service with the fewest connections for its weight",
	.state_size = sizeof(struct state),
	.choose = choose,
};
