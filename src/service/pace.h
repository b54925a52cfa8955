/* SPDX-License-Identifier: Apache-2.0
 * pace.h - how fast the connections of an engine may read together, where a rate of bytes limits
 * them (-soMethod BANDWIDTH, -maxBandwidth).
 *
 * What passes is counted where it is read, so both directions of a session are. A connection that
 * finds no allowance says CONN_WAIT, as if nothing had come, and stands in line at the pace that
 * refused it: the bytes stay in the socket and slow their sender. A timer wakes those in line when
 * there is allowance again.
 */
#pragma once

#include "admit/quota_rate.h"
#include "base/check.h"
#include "conn/conn.h"
#include "engine/engine.h"

#include <stdbool.h>

enum {
	PACE_QUANTUM = 65536, /* most bytes at a time */
	PACE_LEAST = 4096,    /* fewer are not worth a read */
	PACE_PROBE = 1448,    /* to look whether something comes */
	PACE_CALM_MS = 1000,  /* without a refusal for so long, the rate is below the limit */
	PACES_MAX = 3         /* on one connection */
};

/* One limit, as one engine sees it. Owner: the engine. */
struct pace {
	struct engine *engine;
	struct quota_rate *rate; /* borrowed, shared by all engines; NULL: no limit */
	struct list waiting;     /* struct conn: paced; the longest first */
	struct timer timer;      /* armed while somebody waits */
};

/* All limits on a connection. */
struct pace_meter {
	struct conn_meter meter;
	struct pace *paces[PACES_MAX]; /* borrowed; NULL: none */
};

void pace_init(struct pace *pace, struct engine *engine);
/* NULL: no limit. */
void pace_set(struct pace *pace, struct quota_rate *rate);
/* Nobody waits any more: who did looks again. */
void pace_fini(struct pace *pace);
/* Whether the limit was reached within the last PACE_CALM_MS, on any engine. */
bool pace_is_reached(const struct pace *pace);

/* Of these paces; NULL: none. They outlive it. */
void pace_meter_init(struct pace_meter *meter, struct pace *first, struct pace *second,
		     struct pace *third);
/* From now on its reads are counted. Until the connection is closed, or its meter taken away. */
void pace_meter_mind(struct pace_meter *meter, struct conn *conn);
