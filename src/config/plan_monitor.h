/* SPDX-License-Identifier: Apache-2.0
 * plan_monitor.h - an lb monitor object as the room that probes wants it.
 */
#pragma once

#include "base/arena.h"
#include "config/config.h"
#include "config/object.h"
#include "model/codes.h"
#include "model/monitor_conf.h"

struct plan_monitor;

/* Texts and codes live in the arena. A type that is not supported yet becomes TCP. */
struct monitor_conf plan_monitor_conf(const struct object *monitor, struct arena *arena);
/* The metrics that are bound to it, with the OIDs of its table. */
void plan_monitor_metrics(const struct config *config, const struct object *monitor,
			  struct arena *arena, struct monitor_conf *conf);
/* What -respCode of those of type HTTP-INLINE says; of none of them: below 500. */
struct codes plan_monitor_good_codes(const struct plan_monitor *monitors, uint32_t count);
/* The time limit of a probe: -resptimeout, else 2 s, else (the interval is not longer than that)
 * nine tenths of the interval. */
uint32_t plan_monitor_timeout(const struct object *monitor);
