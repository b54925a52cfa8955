/* SPDX-License-Identifier: Apache-2.0
 * plan_user.h - the members of virtual servers seen from the other side: which virtual servers use
 * a service. When a service changes only these are looked at.
 */
#pragma once

#include "config/plan.h"

/* The last step of a plan: `users` of every service, as often as it is a member. */
void plan_user_take(struct plan *plan);
