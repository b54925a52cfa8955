/* SPDX-License-Identifier: Apache-2.0
 * inquiry.h - how control answers what a rule asks, with what it was told on the way.
 *
 * The numbers are those that engines go by, but for the moment at which they are read. Owner:
 * control.
 */
#pragma once

#include "base/text.h"
#include "policy/situation.h"

#include <stdbool.h>
#include <stdint.h>

struct control;

struct inquiry {
	const struct control *control;
	struct text *said; /* gets "SYS.VSERVER("web").CONNECTIONS is 512", with commas between */
	unsigned count;    /* of what was asked */
};

/* The function of struct situation; `context` is the inquiry, virtual servers are indices of the
 * plan. */
bool inquiry_read(void *context, uint32_t vserver, enum situation_fact fact, int64_t *number);
