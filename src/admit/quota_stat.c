/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_stat.h"

#include "admit/quota_priv.h"

/* clang-format off */
#define ROW(field, name, help) { name, help, offsetof(struct quota_counts, field), false, false }

const struct stat_row quota_stat_rows[] = {
	ROW(admitted, "Admitted", "uses granted"),
	ROW(borrowed, "Borrowed", "uses taken out of the shared pool"),
	ROW(refills, "Borrowings", "how often"),
	ROW(returned, "Returned", "uses given back to the shared pool"),
	ROW(reclaimed, "Reclaimed", "idle uses taken from other engines"),
	ROW(steals, "Reclaimings", "how often from one engine that keeps the rest"),
	ROW(seals, "Sealings", "how often another engine's idle uses were all taken"),
	ROW(reopened, "Reopened", "how often the engine began to keep uses again"),
	ROW(refused, "Refused answers", "how often no use was granted, those asked again too"),
	ROW(undecided, "Undecided answers", "how often the last free use was in another engine's hands"),
	ROW(premature, "Premature spills", "clients spilled while uses were free: PATENT only"),
	ROW(stranded, "Stranded at spills", "uses that were free then, in sum"),
	ROW(spilled[QUOTA_WHY_FULL], "Spilled full", "clients spilled at the limit"),
	ROW(spilled[QUOTA_WHY_EARLY], "Spilled early", "clients spilled by -soEngineThreshold and -soSharedThreshold"),
	ROW(spilled[QUOTA_WHY_HYSTERESIS], "Spilled until return", "clients spilled until enough is free again"),
	{ 0 }
};
/* clang-format on */

const void *quota_stat_blocks(const struct quota_map *map, uint32_t pool)
{
	return quota_counts_at(map, 0, pool);
}

size_t quota_stat_size(const struct quota_map *map)
{
	return map->pools * sizeof(struct quota_counts);
}
