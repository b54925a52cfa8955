/* SPDX-License-Identifier: Apache-2.0
 * lateness.h - how much time the thread of the monitors has lost: it was due to do something, and
 * had no processor, or was busy with something else. A server is not to blame for that.
 */
#pragma once

#include <stdint.h>

enum { LATENESS_LEAST_MS = 5 }; /* what is less is the way of timers */

/* Of all monitors of one loop. Owner: its thread. All zero at first. */
struct lateness {
	uint64_t lost_ms; /* all in all; every moment once */
	uint64_t seen_ms; /* of the last note */
};

/* Something that was due at that time happens now. */
void lateness_note(struct lateness *lateness, uint64_t due_ms, uint64_t now_ms);
