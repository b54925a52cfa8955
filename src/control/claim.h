/* SPDX-License-Identifier: Apache-2.0
 * claim.h - whether the addresses that a command asks for can be had; if not, the command is taken
 * back, so that it has changed nothing.
 */
#pragma once

#include "base/check.h"
#include "base/text.h"
#include "config/command.h"
#include "config/config.h"
#include "control/gate.h"

#include <stdbool.h>
#include <stdint.h>

/* What a command may have to be taken back to. */
struct claim {
	const struct command *command; /* borrowed */
	uint64_t newest;               /* uid of the newest virtual server before it */
	struct text old_address;       /* of the virtual server that is set; empty: none */
	bool is_needed;                /* the command may ask for an address */
};

/* Before the command is applied. */
void claim_begin(struct claim *claim, const struct config *config, const struct command *command);
/* After it was applied. False: an address cannot be had, the answer says which and why, and the
 * configuration is as it was. */
bool claim_check(struct claim *claim, struct config *config, struct gates *gates,
		 struct text *answer) MUST_USE;
void claim_end(struct claim *claim);
