/* SPDX-License-Identifier: Apache-2.0
 * spill.h - episodes of spillover: one line in the log when a virtual server begins to spill, on
 * whichever engine, and one when no engine spills any more.
 */
#pragma once

#include "base/check.h"
#include "control/runtime.h"
#include "record/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* How an episode is told. */
struct spill_words {
	const char *destination; /* where the clients go */
	const char *policy;      /* of REASON_POLICY: which one was true; else NULL */
};

/* MESSAGE_SPILL, with its reason, or REASON_NONE at the end. */
void spill_tell(struct runtime *runtime, struct runtime_vserver *vserver, unsigned engine,
		enum reason reason, struct spill_words words);
bool spill_is_on(const struct runtime_vserver *vserver);
/* Milliseconds in spillover so far, the running episode included. */
uint64_t spill_time_ms(const struct runtime_vserver *vserver);
/* Where it stands. RETURNING: what -soReturn asks for is free, but not long enough yet. */
struct spill_phase {
	const char *name; /* "NORMAL", "SPILLING", "RETURNING" */
	uint64_t lasts_ms;
};
struct spill_phase spill_phase(const struct runtime *runtime,
			       const struct runtime_vserver *vserver);
/* What an earlier data process left: its episode is over. */
void spill_revive(struct runtime_vserver *vserver);
