/* SPDX-License-Identifier: Apache-2.0
 * The same client address to the same service, as long as that service is there: the highest of
 * the scores of all services for the client (rendezvous hashing, Thaler and Ravishankar 1998).
 * When a service goes, only its own clients move.
 */
#include "lb/lb_priv.h"

/* Mixes every bit of both into every bit of the result (the finish of SplitMix64). */
static uint64_t score(uint64_t key, uint32_t id)
{
	uint64_t mix = key + 0x9E3779B97F4A7C15u * ((uint64_t)id + 1);

	mix = (mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9u;
	mix = (mix ^ (mix >> 27)) * 0x94D049BB133111EBu;
	return mix ^ (mix >> 31);
}

/* The best of as many scores as the weight says: the chance to win is in proportion to it. */
static uint64_t best_score(uint64_t key, const struct lb_candidate *candidate)
{
	uint64_t best = 0;

	for (uint32_t turn = 0; turn < candidate->weight; turn++) {
		uint64_t mark = score(key + turn * 0xD1B54A32D192ED03u, candidate->id);

		if (mark > best)
			best = mark;
	}
	return best;
}

static int choose(void *memory, const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	uint64_t best = 0;
	int chosen = LB_NONE;

	(void)memory;
	for (unsigned index = 0; index < count; index++) {
		uint64_t mark;

		if (!candidates[index].is_eligible)
			continue;
		mark = best_score(key, &candidates[index]);
		if (chosen == LB_NONE || mark > best) {
			best = mark;
			chosen = (int)index;
		}
	}
	return chosen;
}

const struct lb_method lb_source_hash = {
	.name = "SOURCEIPHASH",
	.help = "the same client address to the same service",
	.state_size = 0,
	.choose = choose,
};
