/* SPDX-License-Identifier: Apache-2.0
 * audit.h - has the quota pools counted while they are in use: every pool with a limit once an
 * hour, and on command. What is amiss is repaired, logged and counted; there should be nothing.
 *
 * Control waits for the engines' next turn, a few microseconds, AUDIT_WAIT_MS at most.
 */
#pragma once

#include "base/check.h"
#include "engine/timer.h"

#include <stdbool.h>
#include <stdint.h>

struct control;

enum { AUDIT_WAIT_MS = 50, AUDIT_HOUR_MS = 3600000, AUDIT_STEP_MS = 250 };

/* Owner: control. */
struct audits {
	struct timer timer;
	uint32_t next; /* place in the sweep of this hour: services, virtual servers, the appliance
			*/
	uint64_t sweep_end_ms; /* the next sweep begins */
};

enum audit_result {
	AUDIT_COUNTED, /* *leak units were missing, below 0: too many; repaired */
	AUDIT_STALLED  /* an engine did not end its turn in time; nothing happened */
};

enum audit_result audit_pool(struct control *control, uint32_t pool, const char *name,
			     int64_t *leak) MUST_USE;
void audit_init(struct control *control);
void audit_fini(struct control *control);
void audit_start(struct control *control);
