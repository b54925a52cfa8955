/* SPDX-License-Identifier: Apache-2.0
 * admission.h - the decision who serves a new client.
 *
 * Every client holds one use of the pool of the virtual server that serves it, from before it is
 * looked at until it is closed; every HTTP request in flight one use of the pool of requests,
 * where there is one. A virtual server that has a reason not to serve (a table in verdict.c, the
 * reasons themselves in record/reason.h) hands the client or the request down its chain of
 * backups; each has its own limits. The limits of the appliance stand above all of them: where one
 * is reached no backup is asked, the action decides.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "record/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct holding;
struct trail;
struct vserver;

#define ADMISSION_NO_WAIT UINT64_MAX /* waited_ms: decide now */

enum admission_ask {
	ASK_CLIENT = 1,  /* a new client */
	ASK_REQUEST = 2, /* a request, of the virtual server that has its client */
	ASK_ALL = 7,
	ASK_GUEST = 4 /* a request, of a backup: there it counts as a client, too */
};

/* One client that asks to be served, or one request of a client that `reached` has. */
struct admission {
	struct vserver *reached;
	const struct address *peer;
	const struct trail *trail; /* NULL: none */
	bool is_request;
	/* Of a request: whether persistence knows its client at that virtual server, by what the
	 * request says or by its address. Asked only where that matters. NULL: it is not known. */
	bool (*knows)(void *context, const struct vserver *vserver);
	void *context;
	const struct vserver *host; /* who has the client of a request; NULL: the reached one */
	uint64_t waited_ms;
	bool may_queue; /* ADMIT_QUEUE is an answer */
	/* What a use of is the caller's; NULL when somebody took it over. */
	struct holding *granted;
	/* The answer: who serves, or who refuses (with ADMIT_REDIRECT it has the URL). */
	struct vserver *serving;
	struct holding *full;       /* ADMIT_QUEUE: what to wait for a use of */
	const struct vserver *last; /* scratch: the last that was asked */
	struct vserver *known;      /* scratch: who served this client last; NULL: nobody */
};

enum admit {
	ADMIT_OK,       /* admission_leave() once, admission_request_over() for a request */
	ADMIT_REFUSE,   /* drop: 503 with Retry-After, or reset */
	ADMIT_REDIRECT, /* 302 to redirect_url */
	ADMIT_QUEUE,    /* `serving` is full and has a line: wait for it there */
	ADMIT_AGAIN     /* undecided, or full while others are leaving: ask again soon, with the
			   time that it has waited; after a while it is decided */
};

/* Walks from the virtual server that the client reached through its backups. */
enum admit admission_decide(struct admission *in) MUST_USE;
/* A request that belongs to the reached virtual server alone, whoever has its client. True: as
 * ADMIT_OK. False: it cannot be served there now, and nothing was counted. */
bool admission_try(struct admission *in) MUST_USE;
/* The client has gone (or will have, once its last bytes are written): gives the use back. */
void admission_leave(struct vserver *serving);
/* The request has its answer. `is_guest`: another virtual server has its client. */
void admission_request_over(struct vserver *serving, bool is_guest);
/* A TLS handshake begins: false when the limit of sessions is reached, and then the client is to be
 * refused. True: admission_session_over() once, when the connection ends. */
bool admission_handshake_begin(struct vserver *serving) MUST_USE;
void admission_session_over(struct vserver *serving);
