/* SPDX-License-Identifier: Apache-2.0
 * admission.h - the decision who serves a new client.
 *
 * Every client holds one use of the quota pool of the virtual server that serves it, from before
 * it is looked at until it is closed. A virtual server that has a reason not to serve it (a table
 * in admission.c, the reasons themselves in record/reason.h) hands the client down its chain of
 * backups; each has its own limits.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "record/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct trail;
struct vserver;

#define ADMISSION_NO_WAIT UINT64_MAX /* waited_ms: decide now */

/* One client that asks to be served. */
struct admission {
	struct vserver *reached;
	const struct address *peer;
	const struct trail *trail; /* NULL: none */
	uint64_t waited_ms;
	/* The answer: who serves, or who refuses (with ADMIT_REDIRECT it has the URL). */
	struct vserver *serving;
};

enum admit {
	ADMIT_OK,       /* one use of its pool is held: admission_leave() once */
	ADMIT_REFUSE,   /* drop: 503 with Retry-After, or reset */
	ADMIT_REDIRECT, /* 302 to redirect_url */
	ADMIT_AGAIN     /* undecided, or full while clients are leaving: ask again soon, with the
			   time that the client has waited; after a while it is decided */
};

/* Walks from the virtual server that the client reached through its backups. */
enum admit admission_decide(struct admission *in) MUST_USE;
/* The client has gone (or will have, once its last bytes are written): gives the use back. */
void admission_leave(struct vserver *serving);
/* Whether it would spill a client for that reason now. */
bool admission_reason_holds(const struct vserver *vserver, enum reason reason) MUST_USE;
