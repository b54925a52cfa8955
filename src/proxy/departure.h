/* SPDX-License-Identifier: Apache-2.0
 * departure.h - clients that leave a virtual server, on whatever engine: whether one that finds it
 * full should wait a moment for them.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct vserver;

/* What was seen at the last look, at most one in a millisecond. Owner: the engine. */
struct departures {
	uint64_t count;     /* clients that have left so far, on all engines */
	uint64_t looked_ms; /* when that was */
	uint64_t seen_ms;   /* when it was last seen to have grown; 0: never */
	bool is_closed;     /* then: a limit of 0, and nobody is there */
};

/* Whether a client that finds it full may wait on, having waited so long. */
bool departure_is_near(struct vserver *vserver, uint64_t waited_ms) MUST_USE;
