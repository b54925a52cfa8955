/* SPDX-License-Identifier: Apache-2.0
 * explain_priv.h - what the files of explain share: the client, and where the answer goes.
 */
#pragma once

#include "control/control_priv.h"

#include <inttypes.h>

/* One question. Owner: control, for one command. */
struct explain {
	struct control *control;
	struct text *text;
	const struct address *client; /* NULL: not given */
	struct str url;               /* empty: not given */
	struct str host;              /* of the URL; empty: not given */
	const struct plan_vserver *reached;
	const struct plan_vserver *kept; /* who served the client last; NULL: none, not known */
};

/* explain_reason.c: why it does not serve the client now, told on the way; REASON_NONE: it does. */
enum reason explain_reason(struct explain *in, const struct plan_vserver *vserver);
/* explain_rate.c: what rates have left, told; the reason why a new client does not get in. Requests
 * are asked for later, each. */
enum reason explain_rate(struct explain *in, const struct runtime_vserver *vserver);
/* Whether a service is at the limit of its bandwidth: it is chosen when no other can be. */
bool explain_rate_of_service(struct explain *in, const struct runtime_service *service);
/* explain_persistence.c: whom the client is known at, told; true: that one has it. */
bool explain_persistence(struct explain *in, const struct plan_vserver *vserver);
/* explain_service.c: which service a client of it gets, as far as that can be said. */
void explain_service(struct explain *in, const struct plan_vserver *vserver);
