/* SPDX-License-Identifier: Apache-2.0
 * limit.h - gives every quota pool the limit, and rule that configuration and states ask
 * for.
 */
#pragma once

#include "config/plan.h"
#include "control/runtime.h"

/* Deals the limits out as the plan says. */
void limit_share(struct runtime *runtime, const struct plan *plan);
/* Compares and sets what differs: cheap when nothing does. A pool that engines have yet to hear of
 * (runtime_entry.named_in) waits; control applies again when a snapshot is everywhere. */
void limit_apply(struct runtime *runtime, const struct plan *plan);
/* The same after a change of that one service alone: its limit, and those of the virtual servers
 * that use it. */
void limit_apply_of(struct runtime *runtime, const struct plan *plan,
		    struct runtime_service *service);
