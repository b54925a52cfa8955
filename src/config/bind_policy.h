/* SPDX-License-Identifier: Apache-2.0
 * bind_policy.h - spillover policies that are bound to a virtual server, each with a priority (the
 * smallest is tested first) and what is tested after it when it is true.
 *
 * Policies of other kinds are not known yet: bind.c keeps their bindings as text.
 */
#pragma once

#include "config/command.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/* -gotoPriorityExpression: one of these, or the priority from which on it goes on. */
enum { BIND_POLICY_END = 0, BIND_POLICY_NEXT = INT32_MAX };

enum { BIND_POLICY_FIRST = 100, BIND_POLICY_STEP = 10 }; /* of priorities that are not given */

/* The policy that -policyName means; NULL: no spillover policy. */
struct object *bind_policy_find(const struct config *config, const struct command *command);
/* The object was given to store_edit(). False after a fault. */
bool bind_policy_add(struct config *config, struct object *vserver, const struct command *command,
		     struct report *report) MUST_USE;
/* It is bound. With -priority only when it has that one. */
bool bind_policy_remove(struct config *config, struct object *vserver,
			const struct command *command, struct report *report) MUST_USE;
/* " -policyName p -priority 100 -gotoPriorityExpression NEXT" */
void bind_policy_print(const struct binding *binding, struct text *text);
