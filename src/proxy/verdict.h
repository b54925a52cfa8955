/* SPDX-License-Identifier: Apache-2.0
 * verdict.h - what one virtual server says of one client or request: the table of its tests, and
 * what it holds for those that passed.
 *
 * The reasons themselves are in record/reason.h. The walk down the chain, and what is counted of
 * it, are in admission.h.
 */
#pragma once

#include "base/check.h"
#include "proxy/admission.h"
#include "record/reason.h"

#include <stdbool.h>

enum verdict {
	VERDICT_PASS,  /* no reason against it; it holds what its tests take: verdict_give() once */
	VERDICT_SPILL, /* for the reason of the test */
	VERDICT_QUEUE, /* it may wait in line */
	VERDICT_AGAIN  /* not to be said yet */
};

/* Leaves the reason in the slot, for the end of the walk. */
enum verdict verdict_ask(struct admission *in, struct vserver *vserver) MUST_USE;
/* As what it comes to this virtual server. */
enum admission_ask verdict_ask_of(const struct admission *in, const struct vserver *vserver);
/* Holds what its tests take, without a question: what is free after all is taken, the rest is let
 * in past the limit. verdict_give() once. */
void verdict_hold(struct vserver *vserver, enum admission_ask ask);
void verdict_give(struct vserver *vserver, enum admission_ask ask);
/* Whether it would spill a client for that reason now. */
bool verdict_reason_holds(struct vserver *vserver, enum reason reason) MUST_USE;
