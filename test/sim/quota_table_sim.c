/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole table of the simulation: what the pools cost and whether they are exact, beside one
 * shared counter and the plain scheme, for 1 to 128 engines.
 *
 *     quota_table_sim [ENGINES [LIMIT [SEED]]]
 */
#include "load.h"

#include <stdio.h>

static const struct {
	enum load_shape shape;
	double offered;
} shapes[] = {
	{ LOAD_BALANCED, 0.70 }, { LOAD_BALANCED, 0.90 }, { LOAD_BALANCED, 0.97 },
	{ LOAD_BALANCED, 1.30 }, { LOAD_HOT, 0.90 },      { LOAD_MOVING, 0.90 },
	{ LOAD_FLAP, 0.90 },
};

static void print(const struct load *load, const struct load_result *result)
{
	uint64_t attempts = result->verdict.taken + result->verdict.full;

	printf("%-18s %4.2f %4u %8lld  %-15s %8llu %8llu  %8.3f %8.1f  %6llu %6.1f%% %4llu %lld\n",
	       load_shape_name(load->shape), load->offered, load->engines, (long long)load->limit,
	       load_way_name(load->way), (unsigned long long)attempts,
	       (unsigned long long)result->verdict.taken, result->rmw_each, result->nanoseconds,
	       (unsigned long long)result->verdict.over,
	       100.0 * (double)result->verdict.premature / (double)attempts,
	       (unsigned long long)result->again, (long long)result->lost);
	fflush(stdout);
}

/* Counts what must be 0 and is not. */
static unsigned print_ways(struct load load)
{
	unsigned wrong = 0;

	for (int way = LOAD_POOL; way <= LOAD_PATENT; way++) {
		struct load_result result;

		load.way = (enum load_way)way;
		result = load_run(&load);
		print(&load, &result);
		wrong += result.verdict.over > 0 || result.lost != 0;
		wrong += result.verdict.premature > 0 && way != LOAD_PATENT;
	}
	return wrong;
}

static uint64_t number(int count, char **arguments, int index)
{
	return count > index ? strtoull(arguments[index], NULL, 10) : 0;
}

int main(int count, char **arguments)
{
	static const unsigned engines[] = { 1, 2, 7, 16, 64, 128 };
	static const int64_t limits[] = { 1, 7, 100, 10000, 1000000 };
	unsigned only_engines = (unsigned)number(count, arguments, 1), wrong = 0;
	int64_t only_limit = (int64_t)number(count, arguments, 2);
	uint64_t seed = count > 3 ? number(count, arguments, 3) : 1;

	printf("%-18s %4s %4s %8s  %-15s %8s %8s  %8s %8s  %6s %7s %4s %s\n", "shape", "load", "N",
	       "L", "way", "attempts", "admitted", "rmw/adm", "ns/call", "over", "premat", "again",
	       "lost");
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
		for (size_t e = 0; e < sizeof(engines) / sizeof(engines[0]); e++)
			for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
				struct load load = {
					.engines = engines[e],
					.limit = limits[l],
					.shape = shapes[s].shape,
					.offered = shapes[s].offered,
					.attempts = 40000,
					.seed = seed,
				};

				if ((only_engines == 0 || only_engines == engines[e]) &&
				    (only_limit == 0 || only_limit == limits[l]))
					wrong += print_ways(load);
			}
	printf("%u runs were not exact\n", wrong);
	return wrong > 0;
}
