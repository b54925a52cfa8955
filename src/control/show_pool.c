/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_stat.h"
#include "base/heap.h"
#include "control/show_priv.h"

#include <inttypes.h>
#include <stdlib.h>

void show_pool_engines(const struct control *control, uint32_t pool, struct text *text)
{
	text_add(text, STR("\tengine  exclusive       used   borrowed       idle       peak\n"));
	for (unsigned i = 0; i < control->setup.engine_count; i++) {
		struct quota_stat stat;

		quota_stat_read(control->setup.map, pool, i, &stat);
		text_print(text,
			   "\t%6u %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
			   " %10" PRIu64 "\n",
			   i, stat_read(&stat.exclusive), stat_read(&stat.used),
			   stat_read(&stat.borrowed_now), stat_read(&stat.idle),
			   stat_read(&stat.peak));
	}
}

/* Owned by the caller. */
static struct quota_stat *read_engines(const struct control *control, uint32_t pool)
{
	unsigned count = control->setup.engine_count;
	struct quota_stat *stats = heap_zeroed(count, sizeof(*stats));

	must(stats != NULL);
	for (unsigned i = 0; i < count; i++)
		quota_stat_read(control->setup.map, pool, i, &stats[i]);
	return stats;
}

/* Of the pool, not of an engine. */
static void show_whole(const struct quota_view *view, const char *of, struct text *text)
{
	bool has_limit = view->limit < QUOTA_UNLIMITED;
	int64_t over = has_limit && view->used > view->limit ? view->used - view->limit : 0;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "Uses above the limit", (uint64_t)over },
		{ "Debt", (uint64_t)view->debt },
		{ "Waiters", view->waiters },
		{ "Engines that keep uses", view->open_engines },
		{ "Limit changes", view->limit_changes },
		{ "Audits", view->audits },
		{ "Leaks repaired", view->leak_repaired },
		{ "Engine deaths", view->deaths },
	};

	if (has_limit)
		text_print(text,
			   "\tLimit%s: %" PRId64 "\n\tFree%s: %" PRId64
			   "\n\tNot dealt out%s: %" PRId64 "\n",
			   of, view->limit, of,
			   view->used < view->limit ? view->limit - view->used : 0, of,
			   view->available);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		text_print(text, "\t%s%s: %" PRIu64 "\n", rows[i].name, of, rows[i].value);
}

void show_pool_stat(const struct control *control, uint32_t pool, const char *of, struct text *text)
{
	struct quota_stat *stats = read_engines(control, pool);
	struct quota_view view;

	quota_read(control->setup.map, pool, &view);
	show_whole(&view, of, text);
	for (const struct stat_row *row = quota_stat_rows; row->name != NULL; row++)
		text_print(text, "\t%s%s: %" PRIu64 "\n", row->name, of,
			   stat_sum(stats, sizeof(*stats), control->setup.engine_count, row));
	free(stats);
}

void show_pool_detail(const struct control *control, uint32_t pool, const char *of,
		      struct text *text)
{
	struct quota_stat *stats = read_engines(control, pool);

	for (unsigned i = 0; i < control->setup.engine_count; i++)
		for (const struct stat_row *row = quota_stat_rows; row->name != NULL; row++)
			text_print(text, "\t\tengine %u %s%s: %" PRIu64 "\n", i, row->name, of,
				   stat_sum(&stats[i], sizeof(*stats), 1, row));
	free(stats);
}
