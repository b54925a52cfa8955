/* SPDX-License-Identifier: Apache-2.0
 * quota_trace.h - what happened to the pools lately: a ring of events for each engine and one for
 * control.
 *
 * Only the slow ways write: who takes and gives on its own stash leaves no trace and pays nothing.
 * Time is read at the first event of a turn. The same event of the same pool again is counted in
 * the entry that is there. The rings lie in the shared mapping: they tell of the last data process,
 * too. One writer each; readers see whole entries or none.
 */
#pragma once

#include "admit/quota.h"

enum quota_event {
	QUOTA_EVENT_BORROWED,  /* units came out of the shared pool */
	QUOTA_EVENT_RETURNED,  /* and went back */
	QUOTA_EVENT_RECLAIMED, /* from the stash of engine `other` */
	QUOTA_EVENT_SEALED,    /* the stash of engine `other` was emptied into the shared pool */
	QUOTA_EVENT_REOPENED,  /* the stash holds units again */
	QUOTA_EVENT_SPILLED,   /* a client; `other`: enum quota_why */
	QUOTA_EVENT_RETURNING, /* it was full: spills until enough is free */
	QUOTA_EVENT_NORMAL,    /* enough was free */
	QUOTA_EVENT_DEBT_ENDED,
	/* Control's. */
	QUOTA_EVENT_OPENED,  /* units: the limit */
	QUOTA_EVENT_LIMIT,   /* changed: units */
	QUOTA_EVENT_DEBT,    /* begun: so many uses above the limit */
	QUOTA_EVENT_RULE,    /* changed */
	QUOTA_EVENT_AUDITED, /* units were missing */
	QUOTA_EVENT_REVIVED, /* after a crash; units were missing */
	QUOTA_EVENT_ENGINE_DEAD,
	QUOTA_EVENT_ENGINE_JOINED,
	QUOTA_EVENTS
};

enum { QUOTA_TRACE_ROOM = 512 };

struct quota_trace_entry {
	uint64_t time_ns; /* monotonic; of the last time */
	uint32_t pool;
	enum quota_event event;
	unsigned writer; /* engine, or as many as there are: control */
	unsigned other;
	int64_t units;  /* in sum */
	uint64_t times; /* at least 1 */
};

size_t quota_trace_most(const struct quota_map *map);
/* Control. The entries of `pool` since it was opened (QUOTA_NONE: of all pools that are open),
 * oldest first; `entries` has room for quota_trace_most(). How many. */
size_t quota_trace_read(const struct quota_map *map, uint32_t pool,
			struct quota_trace_entry *entries);
