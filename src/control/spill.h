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

/* MESSAGE_SPILL, with its reason, or REASON_NONE at the end. `destination` in words: where the
 * clients go. */
void spill_tell(struct runtime *runtime, struct runtime_vserver *vserver, unsigned engine,
		enum reason reason, const char *destination);
bool spill_is_on(const struct runtime_vserver *vserver);
/* Milliseconds in spillover so far, the running episode included. */
uint64_t spill_time_ms(const struct runtime_vserver *vserver);
