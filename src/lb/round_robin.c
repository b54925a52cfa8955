/* SPDX-License-Identifier: Apache-2.0
 * Each service in turn; with weights, in proportion to them and spread out.
 *
 * With equal weights the next eligible one behind the last choice. Otherwise the eligible services
 * lie side by side on a ring, each as long as its weight (divided by what all have in common), and
 * a hand goes round by a step that has no factor in common with the ring's length W: so in every W
 * choices each service is met exactly as often as its weight says. The step is near the golden
 * section of W, which spreads the visits of one service apart. It needs no memory for a service,
 * and so services may come and go.
 */
#include "lb/lb_priv.h"

#include <assert.h>

struct state {
	uint32_t last; /* index that was chosen last, for equal weights */
	uint64_t hand; /* place on the ring, for unequal ones */
};

static_assert(sizeof(struct state) <= LB_STATE_MAX, "a method's state fits the slot");

/* The eligible services. */
struct ring {
	uint64_t total;  /* of their weights */
	uint32_t factor; /* that all weights have in common */
	bool is_even;    /* all weights are the same */
};

static uint64_t common_factor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static struct ring measure(const struct lb_candidate *candidates, unsigned count)
{
	struct ring ring = { .is_even = true };
	uint32_t first = 0;

	for (unsigned index = 0; index < count; index++) {
		uint32_t weight = candidates[index].weight;

		if (!candidates[index].is_eligible)
			continue;
		must(weight > 0);
		if (first == 0)
			first = weight;
		if (weight != first)
			ring.is_even = false;
		if (ring.factor != 1)
			ring.factor = (uint32_t)common_factor(weight, ring.factor);
		ring.total += weight;
	}
	return ring;
}

static int choose_next(struct state *state, const struct lb_candidate *candidates, unsigned count)
{
	for (unsigned step = 1; step <= count; step++) {
		unsigned index = (unsigned)(((uint64_t)state->last + step) % count);

		if (!candidates[index].is_eligible)
			continue;
		state->last = index;
		return (int)index;
	}
	must_not_reach();
}

/* The step for a ring of `length` >= 2 places. */
static uint64_t step_of(uint64_t length)
{
	uint64_t step = length * 618 / 1000;

	if (step == 0)
		step = 1;
	while (common_factor(step, length) != 1)
		step++;
	return step;
}

static int choose_by_weight(struct state *state, const struct ring *ring,
			    const struct lb_candidate *candidates, unsigned count)
{
	uint64_t length = ring->total / ring->factor;
	uint64_t place = state->hand % length;

	state->hand = (place + step_of(length)) % length;
	for (unsigned index = 0; index < count; index++) {
		uint64_t share = candidates[index].weight / ring->factor;

		if (!candidates[index].is_eligible)
			continue;
		if (place < share) {
			state->last = index;
			return (int)index;
		}
		place -= share;
	}
	must_not_reach();
}

static int choose(void *memory, const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	struct ring ring = measure(candidates, count);

	(void)key;
	if (ring.total == 0)
		return LB_NONE;
	if (ring.is_even)
		return choose_next(memory, candidates, count);
	return choose_by_weight(memory, &ring, candidates, count);
}

const struct lb_method lb_round_robin = {
	.name = "ROUNDROBIN",
	.help = "each service in turn, in proportion to the weights",
	.state_size = sizeof(struct state),
	.choose = choose,
};
