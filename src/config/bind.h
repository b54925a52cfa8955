/* SPDX-License-Identifier: Apache-2.0
 * bind.h - bind and unbind, and the verbs that change what is bound: the weight of a service in a
 * virtual server, of a monitor, of a member of a service group, and their states.
 */
#pragma once

#include "config/command.h"
#include "config/config.h"

#include <stdbool.h>

/* All: false after a fault; the caller then rolls the store back. */
bool bind_apply(struct config *config, const struct command *command,
		struct report *report) MUST_USE;
bool bind_undo(struct config *config, const struct command *command,
	       struct report *report) MUST_USE;
/* set or unset of "-weight 5 name" and of a member "set serviceGroup g server 80 -weight 5". */
bool bind_set_weight(struct config *config, struct object *object, const struct command *command,
		     struct report *report) MUST_USE;
bool bind_set_member(struct config *config, struct object *group, const struct command *command,
		     struct report *report) MUST_USE;
/* enable and disable of a member, and of monitors ("enable lb monitor service monitor"). */
bool bind_set_state(struct config *config, const struct command *command,
		    struct report *report) MUST_USE;
/* Takes every binding that leads to `object` out of what is bound to it. */
void bind_forget(struct config *config, struct object *object);
