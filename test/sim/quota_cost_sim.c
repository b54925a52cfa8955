/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: what doc/quota.md requires of the pools' cost, as far as it can be counted, that they
 * are exact meanwhile, and that what they show of it themselves is true. Counts do not depend on
 * the machine, so they are a gate. The seed is fixed; with another one as argument the figures must
 * hold as well.
 */
#include "load.h"

#include <stdio.h>

static unsigned cases, failed;

static void report(bool is_good, const char *text)
{
	cases++;
	failed += !is_good;
	printf("%s %u - %s\n", is_good ? "ok" : "not ok", cases, text);
	fflush(stdout);
}

/* And says itself what it cost. */
static bool is_exact(const struct load_result *result)
{
	return result->verdict.over == 0 && result->verdict.premature == 0 && result->lost == 0 &&
	       result->counted_rmw == result->shared_rmw;
}

static void describe(char *text, size_t room, const struct load *load)
{
	snprintf(text, room, "%s %.2f, %u engines, limit %lld, %s", load_shape_name(load->shape),
		 load->offered, load->engines, (long long)load->limit, load_way_name(load->way));
}

struct gate {
	struct load load;
	double most; /* shared operations that read and write in one, for each admitted use */
};

/* The loads are as large as when the figures were set. */
static const struct gate gates[] = {
	{ { LOAD_POOL, 16, 10000, LOAD_BALANCED, 0.90, 40000, 0 }, 0.01 },
	{ { LOAD_POOL, 64, 10000, LOAD_BALANCED, 0.90, 40000, 0 }, 0.03 },
	{ { LOAD_POOL, 64, 10000, LOAD_BALANCED, 0.97, 40000, 0 }, 0.08 },
	{ { LOAD_POOL, 64, 10000, LOAD_HOT, 0.90, 40000, 0 }, 0.02 },
	{ { LOAD_POOL, 64, 10000, LOAD_MOVING, 0.90, 40000, 0 }, 0.10 },
	{ { LOAD_POOL, 64, 10000, LOAD_FLAP, 0.90, 40000, 0 }, 0.4 },
	{ { LOAD_POOL, 64, 10000, LOAD_BALANCED, 1.30, 40000, 0 }, 1.0 },
	{ { LOAD_POOL_AT_ONCE, 64, 10000, LOAD_BALANCED, 1.30, 40000, 0 }, 1.5 },
};

static void check_gates(uint64_t seed)
{
	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		struct load load = gates[i].load;
		struct load_result result;
		char what[120], text[240];

		load.seed = seed;
		result = load_run(&load);
		describe(what, sizeof(what), &load);
		snprintf(text, sizeof(text), "shared RMW each: %s: %.3f, at most %.2f", what,
			 result.rmw_each, gates[i].most);
		report(is_exact(&result) && result.rmw_each <= gates[i].most, text);
	}
}

/* Below its share an engine writes nothing that others see. */
static void check_below_share(uint64_t seed)
{
	struct load load = { LOAD_POOL, 64, 10000, LOAD_BALANCED, 0.40, 40000, seed };
	struct load_result result = load_run(&load);
	char text[160];

	snprintf(text, sizeof(text), "shared writes below the share: %llu in %llu takes, at most 0",
		 (unsigned long long)(result.shared_rmw + result.shared_stores),
		 (unsigned long long)result.verdict.taken);
	report(is_exact(&result) && result.shared_rmw + result.shared_stores == 0, text);
}

/* The same load on the pool and on one shared counter. */
static double ratio_of(struct load load, bool *exact)
{
	struct load_result pool = load_run(&load), counter;

	load.way = LOAD_COUNTER;
	counter = load_run(&load);
	*exact = *exact && is_exact(&pool);
	return pool.rmw_each / counter.rmw_each;
}

static void check_against_counter(unsigned engines, uint64_t seed)
{
	static const int64_t limits[] = { 1, 7, 100, 10000 };
	static const double offers[] = { 0.90, 1.30 };
	double worst = 0;
	bool exact = true;
	char worst_load[120] = "", text[240];

	for (int shape = LOAD_BALANCED; shape < LOAD_SHAPES; shape++)
		for (size_t l = 0; l < 4; l++)
			for (size_t o = 0; o < 2; o++) {
				struct load load = { LOAD_POOL, engines,
						     limits[l], (enum load_shape)shape,
						     offers[o], 10000,
						     seed };
				double ratio = ratio_of(load, &exact);

				if (ratio > worst) {
					worst = ratio;
					describe(worst_load, sizeof(worst_load), &load);
				}
			}
	snprintf(text, sizeof(text),
		 "shared RMW / shared counter's, any load: %.2f (%s), at most 1.15", worst,
		 worst_load);
	report(exact && worst <= 1.15, text);
}

int main(int count, char **arguments)
{
	uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;

	check_below_share(seed);
	check_gates(seed);
	check_against_counter(2, seed);
	check_against_counter(7, seed);
	check_against_counter(16, seed);
	check_against_counter(64, seed);
	check_against_counter(128, seed);
	printf("1..%u\n", cases);
	return failed > 0;
}
