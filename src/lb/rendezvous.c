/* SPDX-License-Identifier: Apache-2.0 */
#include "lb/rendezvous_priv.h"

#include <math.h>

/* Mixes every bit of both into every bit of the result (the finish of SplitMix64). */
static uint64_t score(uint64_t key, uint64_t id)
{
	uint64_t mix = key + 0x9E3779B97F4A7C15u * (id + 1);

	mix = (mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9u;
	mix = (mix ^ (mix >> 27)) * 0x94D049BB133111EBu;
	return mix ^ (mix >> 31);
}

static bool has_one_weight(const struct lb_candidate *candidates, unsigned count)
{
	for (unsigned index = 1; index < count; index++)
		if (candidates[index].weight != candidates[0].weight)
			return false;
	return true;
}

static int highest(const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	uint64_t best = 0;
	int chosen = LB_NONE;

	for (unsigned index = 0; index < count; index++) {
		uint64_t mark;

		if (!candidates[index].is_eligible)
			continue;
		mark = score(key, candidates[index].id);
		if (chosen != LB_NONE && mark <= best)
			continue;
		best = mark;
		chosen = (int)index;
	}
	return chosen;
}

/* The score as the time until a first event that comes at the rate of the weight: the chance to be
 * the first is in proportion to the rate. With equal weights the first is who has the highest
 * score, so that both functions agree. */
static int soonest(const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	double best = 0;
	int chosen = LB_NONE;

	for (unsigned index = 0; index < count; index++) {
		const struct lb_candidate *candidate = &candidates[index];
		double part, time;

		if (!candidate->is_eligible)
			continue;
		part = ((double)(score(key, candidate->id) >> 11) + 0.5) * 0x1p-53;
		time = -log(part) / candidate->weight;
		if (chosen != LB_NONE && time >= best)
			continue;
		best = time;
		chosen = (int)index;
	}
	return chosen;
}

int rendezvous_choose(void *memory, const struct lb_candidate *candidates, unsigned count,
		      uint64_t key)
{
	(void)memory;
	if (has_one_weight(candidates, count))
		return highest(candidates, count, key);
	return soonest(candidates, count, key);
}
