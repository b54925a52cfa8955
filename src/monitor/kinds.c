/* SPDX-License-Identifier: Apache-2.0
 * kinds.c - all kinds of monitors there are: one file and one row each.
 */
#include "monitor/probe.h"

const struct monitor_kind *const monitor_kinds[] = { &ping_kind, &tcp_kind, &http_kind, NULL };
