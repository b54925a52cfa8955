/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: over all numbers of engines, limits and shapes of load, never one use too many, never
 * "full" one too early, every undecided answer is decided when asked again, and nothing is lost.
 */
#include "quota_torture.h"

int main(void)
{
	static const unsigned engines[] = { 1, 2, 7, 16 };
	static const int64_t limits[] = { 1, 7, 100, 10000 };
	uint64_t calls = 12000 * torture_number("QUOTA_CALLS", 1), seed = torture_seed();
	unsigned failed = 0;

	for (size_t e = 0; e < 4; e++)
		for (size_t l = 0; l < 4; l++)
			for (int shape = 0; shape < SHAPES; shape++) {
				struct torture torture = {
					.cores = engines[e],
					.limit = limits[l],
					.shape = (enum shape)shape,
					.calls = calls,
					.seed = seed,
				};

				failed += !torture_passes(&torture);
			}
	return failed > 0;
}
