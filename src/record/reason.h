/* SPDX-License-Identifier: Apache-2.0
 * reason.h - why a virtual server does not serve a client that it could have: the one list of
 * them, for the data plane that decides, the counters, the log and what an operator is told.
 */
#pragma once

#include <stdbool.h>

enum reason {
	REASON_NONE, /* it serves */
	REASON_DISABLED,
	REASON_DOWN,     /* no service that is enabled and up, or too few for -healthThreshold */
	REASON_HELD_OUT, /* it was down and waits for an operator */
	REASON_LOOP,     /* the client has come through this appliance, or through too many */
	REASON_KEPT,     /* a backup served the client last, and -soPersistence keeps it there */
	REASON_HEALTH,   /* too little of the weight of its services is up */
	REASON_RAMP,     /* near the limit: a share spills */
	REASON_RETURN,   /* the limit was reached, and not enough is free since */
	REASON_EARLY,    /* T1 and T2 want it before the limit */
	REASON_POLICY,   /* one of its spillover policies is true */
	/* Limits of its own that are reached: client connections, requests in flight, TLS
	 * sessions ... */
	REASON_CLIENTS,
	REASON_REQUESTS,
	REASON_SESSIONS,
	REASON_BANDWIDTH,
	REASON_REQUEST_RATE,
	/* ... and of the whole appliance. */
	REASON_ALL_CLIENTS,
	REASON_ALL_REQUESTS,
	REASON_ALL_REQUEST_RATE,
	REASON_ALL_BANDWIDTH,
	REASON_COUNT
};

struct reason_row {
	const char *name; /* a word */
	const char *text; /* in words, to follow "because " */
	bool is_full;     /* a limit: it could serve, but would rather not; else it cannot */
	bool is_of_all;   /* of the whole appliance: no backup helps */
};

extern const struct reason_row reason_rows[REASON_COUNT];

/* Spillover in the strict sense, not a failure. */
static inline bool reason_is_full(enum reason reason)
{
	return reason_rows[reason].is_full;
}

static inline bool reason_is_of_all(enum reason reason)
{
	return reason_rows[reason].is_of_all;
}
