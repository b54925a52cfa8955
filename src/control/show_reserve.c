/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_priv.h"

#include <inttypes.h>

static void show_engine(const struct control *control, uint32_t pool, unsigned engine,
			struct text *text)
{
	struct quota_core_view view;

	quota_read_core(control->setup.map, pool, engine, &view);
	text_print(text, "\t%6u %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 "\n", engine,
		   view.exclusive, view.used, view.borrowed, view.idle);
}

void show_reserve(const struct control *control, const struct reserve *reserve, const char *what,
		  struct text *text)
{
	struct quota_view view;

	if (reserve->pool == QUOTA_NONE)
		return;
	quota_read(control->setup.map, reserve->pool, &view);
	text_print(text, "\t%s: %" PRId64, what, view.used);
	if (reserve->limit == PLAN_UNLIMITED) {
		text_add(text, STR(", the limit is being set\n"));
		return;
	}
	text_print(text, "\n\tlimit of %s: %" PRId64 "\n", what, view.limit);
	text_print(text,
		   "\texclusive pool of %s: %" PRId64 " (%" PRId64
		   " for each engine)\n\tshared pool of %s: %" PRId64 "\n\tbatch of %s: %" PRId64
		   "\n",
		   what, view.split.exclusive, view.split.exclusive_each, what, view.split.shared,
		   what, view.split.batch);
	text_add(text, STR("\tengine  exclusive       used   borrowed       idle\n"));
	for (unsigned i = 0; i < control->setup.engine_count; i++)
		show_engine(control, reserve->pool, i, text);
}

void show_stat_reserve(const struct control *control, const struct reserve *reserve,
		       const char *what, struct text *text)
{
	struct quota_view view;

	if (reserve->pool == QUOTA_NONE)
		return;
	quota_read(control->setup.map, reserve->pool, &view);
	if (reserve->limit != PLAN_UNLIMITED)
		text_print(text, "\tLimit of %s: %" PRId64 "\n", what, view.limit);
	text_print(text,
		   "\tUsed %s: %" PRId64 "\n\tAdmitted %s: %" PRIu64 "\n\tBorrowed %s: %" PRIu64
		   "\n\tReturned %s: %" PRIu64 "\n\tReclaimed %s: %" PRIu64
		   "\n\tPremature spills of %s: %" PRIu64 "\n",
		   what, view.used, what, view.admitted, what, view.borrows, what, view.returned,
		   what, view.reclaimed, what, view.premature);
}
