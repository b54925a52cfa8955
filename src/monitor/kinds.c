/* SPDX-License-Identifier: Apache-2.0
 * kinds.c - all kinds of monitors there are: one file and one row each.
 */
#include "monitor/monitor.h"
#include "monitor/probe.h"

const struct monitor_kind *const monitor_kinds[] = { &ping_kind, &tcp_kind, &http_kind, NULL };

const struct monitor_kind *monitor_kind_of(struct str name)
{
	for (const struct monitor_kind *const *kind = monitor_kinds; *kind != NULL; kind++)
		if (str_equal_nocase(str_of((*kind)->name), name))
			return *kind;
	return NULL;
}
