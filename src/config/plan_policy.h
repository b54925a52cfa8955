/* SPDX-License-Identifier: Apache-2.0
 * plan_policy.h - the spillover policies of a plan: rules compiled, names of virtual servers looked
 * up, and for each virtual server its policies in the order in which they are tested.
 */
#pragma once

#include "config/plan.h"

/* The virtual servers of the plan are there; `index_of` says where one is by its uid, MODEL_NONE
 * when it is not in the plan. */
void plan_policy_take(const struct config *config, struct plan *plan,
		      uint32_t (*index_of)(const void *context, uint64_t uid), const void *context);
