/* SPDX-License-Identifier: Apache-2.0
 * quota_stat.h - what each engine did with a pool and has of it now, as rows for stat, the REST API
 * and the metrics. The counts go on over a crash.
 *
 * Some is counted where it happens, some follows from it when somebody looks, so that the fast ways
 * count one thing each. Numbers of one engine are read one after the other while it runs: they add
 * up when it rests.
 */
#pragma once

#include "admit/quota.h"
#include "record/stat.h"

/* One engine at one pool; put together for whoever looks, and his. */
struct quota_stat {
	struct stat_number exclusive, used, borrowed_now, idle, peak; /* now */
	struct stat_number admitted, local, pocket, drawn; /* the first is the others' sum */
	struct stat_number borrowed, refills, borrowed_sealed;
	struct stat_number reclaimed, steals, seals, sealed_by_others;
	struct stat_number ended, kept, returned, returned_sealed;
	struct stat_number reopened, limit_changes, shared;
	struct stat_number refused, undecided, premature, stranded;
	struct stat_number spilled[QUOTA_WHYS];
};

/* Of struct quota_stat, for stat_sum(). Ends with a row without a name. */
extern const struct stat_row quota_stat_rows[];

/* Any thread. */
void quota_stat_read(const struct quota_map *map, uint32_t pool, unsigned core,
		     struct quota_stat *stat);
