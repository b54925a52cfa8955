/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: the limit may change at any time, to nothing, to unlimited and back, while uses live:
 * after quota_set_limit() has returned no use is admitted above it, and "full" is said only when
 * it is full by a limit that was in force during the call. While the mode changes, too, the first
 * holds, and no use is lost. Audits in between find every unit.
 */
#include "quota_torture.h"

int main(void)
{
	static const struct torture runs[] = {
		{ .cores = 2, .limit = 12, .shape = BALANCED, .changes = 1000 },
		{ .cores = 2, .limit = 1000, .shape = FLAP, .changes = 1000 },
		{ .cores = 7, .limit = 100, .shape = MOVING, .changes = 1000 },
		{ .cores = 7, .limit = 2000, .shape = BALANCED, .changes = 1000 },
		{ .cores = 16, .limit = 300, .shape = SKEW, .changes = 1000 },
		{ .cores = 64, .limit = 5000, .shape = FLAP, .changes = 1000 },
		{ .cores = 2, .limit = 300, .shape = FLAP, .changes = 1000, .is_audited = true },
		{ .cores = 7, .limit = 100, .shape = SKEW, .changes = 1000, .is_audited = true },
		{ .cores = 2, .limit = 100, .shape = FLAP, .changes = 1000, .is_patent = true },
		{ .cores = 7, .limit = 2000, .shape = MOVING, .changes = 1000, .is_patent = true },
	};
	uint64_t times = 2 * torture_number("QUOTA_CALLS", 1), seed = torture_seed();
	unsigned failed = 0;

	for (uint64_t i = 0; i < times; i++)
		for (size_t r = 0; r < sizeof(runs) / sizeof(runs[0]); r++) {
			struct torture torture = runs[r];

			torture.seed = seed + i;
			failed += !torture_passes(&torture);
		}
	return failed > 0;
}
