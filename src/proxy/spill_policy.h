/* SPDX-License-Identifier: Apache-2.0
 * spill_policy.h - the spillover policies of a virtual server on one engine: tested in the order of
 * their priorities for each new client.
 *
 * The first that is true spills the client; where the tests go on then (-gotoPriorityExpression)
 * only matters for the counters. One that is undefined is counted and passed over. A client may be
 * asked for more than once until it is decided: its tests count when it is.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "model/snapshot.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stdint.h>

struct vserver;

enum { SPILL_POLICY_NONE = UINT32_MAX };

struct spill_policy {
	uint64_t uid;
	struct rule *rule; /* owned */
	uint32_t next;     /* as in struct model_policy */
	struct stat_policy *stats;
	enum rule_result
		result; /* of the newest test that is not counted yet; RULE_FALSE: of none */
};

/* Owner: the engine. Lies in a virtual server's slot. */
struct spill_policies {
	struct spill_policy *list; /* owned */
	uint32_t count;
	uint32_t decisive; /* the first that was true in the newest test, or SPILL_POLICY_NONE */
};

void spill_policy_configure(struct vserver *vserver, const struct model_vserver *model);
void spill_policy_clear(struct spill_policies *policies);
/* Another client is asked about: what was found for the last, if it is undecided, does not count.
 */
void spill_policy_forget(struct spill_policies *policies);
/* Whether a client from there spills; leaves the results in `policies`, which were forgotten
 * before. */
bool spill_policy_test(struct vserver *vserver, const struct address *peer) MUST_USE;
/* The client is decided: counts what the newest test found. */
void spill_policy_count(struct spill_policies *policies);
/* Whether one is true now that does not ask who the client is. */
bool spill_policy_holds(const struct vserver *vserver) MUST_USE;
