/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: over all numbers of engines, limits and shapes of load, settling by turns or at once,
 * never one use too many, never "full" one too early, every undecided answer is decided when asked
 * again, and nothing is lost. 20,000 calls in each of the 160 runs; QUOTA_CALLS multiplies them.
 */
#include "quota_torture.h"

static const unsigned engines[] = { 1, 2, 7, 16, 64 };
static const int64_t limits[] = { 1, 7, 100, 10000 };

static unsigned run_shapes(struct torture torture)
{
	unsigned failed = 0;

	for (int shape = 0; shape < SHAPES; shape++) {
		struct torture one = torture;

		one.shape = (enum shape)shape;
		failed += !torture_passes(&one);
	}
	return failed;
}

int main(void)
{
	struct torture torture = {
		.calls = 20000 * torture_number("QUOTA_CALLS", 1),
		.seed = torture_seed(),
	};
	unsigned failed = 0;

	for (size_t e = 0; e < sizeof(engines) / sizeof(engines[0]); e++)
		for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++)
			for (int at_once = 0; at_once <= 1; at_once++) {
				torture.cores = engines[e];
				torture.limit = limits[l];
				torture.ends_at_once = at_once != 0;
				failed += run_shapes(torture);
			}
	return failed > 0;
}
