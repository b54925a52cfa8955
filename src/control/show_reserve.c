/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_priv.h"

#include <inttypes.h>
#include <stdio.h>

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
	show_pool_engines(control, reserve->pool, text);
}

void show_stat_reserve(const struct control *control, const struct reserve *reserve,
		       const char *what, bool is_detailed, struct text *text)
{
	char of[64];

	if (reserve->pool == QUOTA_NONE)
		return;
	snprintf(of, sizeof(of), " of %s", what);
	show_pool_stat(control, reserve->pool, of, text);
	if (is_detailed)
		show_pool_detail(control, reserve->pool, of, text);
}
