/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_stat.h"

#include "admit/quota_priv.h"

/* clang-format off */
#define NOW(field, name, help)  { name, help, offsetof(struct quota_stat, field), true, false }
#define PEAK(field, name, help) { name, help, offsetof(struct quota_stat, field), true, true }
#define ROW(field, name, help)  { name, help, offsetof(struct quota_stat, field), false, false }

const struct stat_row quota_stat_rows[] = {
	NOW(exclusive, "Exclusive", "the exclusive number of the engine"),
	NOW(used, "Used", "uses in force"),
	NOW(borrowed_now, "Borrowed now", "uses above the exclusive number"),
	NOW(idle, "Idle", "uses kept at hand for the next clients"),
	PEAK(peak, "Peak of an engine", "most uses of one engine at once"),
	ROW(admitted, "Admitted", "uses granted"),
	ROW(local, "Admitted by its own", "of them, out of what the engine kept at hand"),
	ROW(pocket, "Admitted by handing on", "of them, out of what was given back in the same turn"),
	ROW(drawn, "Admitted by sharing", "of them, out of the shared pool or another engine's hands"),
	ROW(borrowed, "Borrowed", "uses taken out of the shared pool"),
	ROW(refills, "Borrowings", "how often a batch was taken"),
	ROW(borrowed_sealed, "Borrowed while sealed", "of the borrowed, those taken for clients at once, near the limit"),
	ROW(returned, "Returned", "uses given back to the shared pool"),
	ROW(returned_sealed, "Returned while sealed", "of them, those given back at once, near the limit"),
	ROW(reclaimed, "Reclaimed", "idle uses taken from other engines"),
	ROW(steals, "Reclaimings", "how often from one engine that keeps the rest"),
	ROW(seals, "Sealings", "how often another engine's idle uses were all taken"),
	ROW(sealed_by_others, "Sealed by others", "how often that was done to this engine"),
	ROW(reopened, "Reopened", "how often the engine began to keep uses again"),
	ROW(ended, "Given back", "uses that their clients gave back"),
	ROW(kept, "Kept at hand", "uses that were given back and kept for the next clients"),
	ROW(shared, "Shared changes", "changes of memory that other engines write, too"),
	ROW(limit_changes, "Limit changes seen", "how often the engine found other shares or another limit"),
	ROW(refused, "Refused answers", "how often no use was granted, those asked again too"),
	ROW(undecided, "Undecided answers", "how often the last free use was in another engine's hands"),
	ROW(premature, "Premature spills", "clients spilled while uses were free: PATENT only"),
	ROW(stranded, "Stranded at spills", "uses that were free then, in sum"),
	ROW(spilled[QUOTA_WHY_FULL], "Spilled full", "clients spilled at the limit"),
	ROW(spilled[QUOTA_WHY_EARLY], "Spilled early", "clients spilled by -soEngineThreshold and -soSharedThreshold"),
	ROW(spilled[QUOTA_WHY_RESERVE], "Spilled for the reserve", "clients spilled because the rest is kept by -soSharedThreshold"),
	ROW(spilled[QUOTA_WHY_HYSTERESIS], "Spilled until return", "clients spilled until enough is free again"),
	{ 0 }
};
/* clang-format on */

/* Never below 0, whatever moves meanwhile. */
static void set_difference(struct stat_number *number, uint64_t sum, uint64_t less)
{
	stat_set(number, sum > less ? sum - less : 0);
}

static void read_now(const struct quota_map *map, uint32_t pool, unsigned core,
		     struct quota_stat *stat)
{
	struct quota_core_view view;

	quota_read_core(map, pool, core, &view);
	stat_set(&stat->exclusive, (uint64_t)view.exclusive);
	stat_set(&stat->used, (uint64_t)view.used);
	stat_set(&stat->borrowed_now, (uint64_t)view.borrowed);
	stat_set(&stat->idle, (uint64_t)view.idle);
}

/* What the engine counts as it is shown. */
static void copy_counts(const struct quota_counts *counts, struct quota_stat *stat)
{
	const struct {
		const struct stat_number *from;
		struct stat_number *to;
	} copies[] = {
		{ &counts->peak, &stat->peak },
		{ &counts->local, &stat->local },
		{ &counts->pocket, &stat->pocket },
		{ &counts->drawn, &stat->drawn },
		{ &counts->borrowed, &stat->borrowed },
		{ &counts->refills, &stat->refills },
		{ &counts->borrowed_sealed, &stat->borrowed_sealed },
		{ &counts->returned, &stat->returned },
		{ &counts->returned_sealed, &stat->returned_sealed },
		{ &counts->reclaimed, &stat->reclaimed },
		{ &counts->steals, &stat->steals },
		{ &counts->seals, &stat->seals },
		{ &counts->reopened, &stat->reopened },
		{ &counts->shared, &stat->shared },
		{ &counts->limit_changes, &stat->limit_changes },
		{ &counts->refused, &stat->refused },
		{ &counts->undecided, &stat->undecided },
		{ &counts->premature, &stat->premature },
		{ &counts->stranded, &stat->stranded },
	};

	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		stat_set(copies[i].to, stat_read(copies[i].from));
	for (unsigned why = 0; why < QUOTA_WHYS; why++)
		stat_set(&stat->spilled[why], stat_read(&counts->spilled[why]));
}

/* What came in and is not in force went back: on to the next client in the same turn, to the shared
 * pool at once, or into the engine's own hands. */
static void derive(const struct quota_counts *counts, struct quota_stat *stat)
{
	uint64_t admitted = quota_admitted(counts), pocket = stat_read(&counts->pocket);
	uint64_t over = stat_read(&stat->used) + stat_read(&counts->buried);

	stat_set(&stat->admitted, admitted);
	set_difference(&stat->ended, admitted, over);
	set_difference(&stat->kept, admitted + stat_read(&counts->unwanted),
		       pocket + over + stat_read(&counts->returned_sealed));
	set_difference(&stat->sealed_by_others, stat_read(&counts->sealed),
		       stat_read(&counts->sealed_self));
}

void quota_stat_read(const struct quota_map *map, uint32_t pool, unsigned core,
		     struct quota_stat *stat)
{
	const struct quota_counts *counts = quota_counts_at(map, core, pool);

	read_now(map, pool, core, stat);
	copy_counts(counts, stat);
	derive(counts, stat);
}
