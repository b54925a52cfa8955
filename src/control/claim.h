/* SPDX-License-Identifier: Apache-2.0
 * claim.h - whether the addresses that a command asks for can be had: asked before the command
 * stands, so that one that cannot be had refuses the whole command.
 */
#pragma once

#include "base/check.h"
#include "config/config.h"

#include <stdbool.h>

/* For config_apply_if(); `gates` is a struct gates. False: the report says which address cannot be
 * had, and why. */
bool claim_may_stand(void *gates, const struct object *before, const struct object *after,
		     struct report *report) MUST_USE;
