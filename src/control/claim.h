/* SPDX-License-Identifier: Apache-2.0
 * claim.h - whether the addresses and the pools that a command asks for can be had: asked before
 * the command stands, so that one that cannot be had refuses the whole command.
 */
#pragma once

#include "base/check.h"
#include "config/config.h"

#include <stdbool.h>

struct control;

/* Of one command. */
struct claim {
	struct control *control;
	bool is_counted; /* the pools of the configuration as it would be */
};

/* For config_apply_if(); `claim` is a struct claim. False: the report says which address cannot be
 * had, and why, or that there are not enough pools. */
bool claim_may_stand(void *claim, const struct object *before, const struct object *after,
		     struct report *report) MUST_USE;
