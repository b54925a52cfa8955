/* SPDX-License-Identifier: Apache-2.0
 * peak.h - the most clients and requests that a virtual server had at once, over all engines.
 *
 * The engines look while clients come and go: ten milliseconds after one has come, and before one
 * leaves, at most once in ten milliseconds. What was there for a shorter time may be missed.
 */
#pragma once

#include "engine/timer.h"

#include <stdint.h>

struct vserver;

/* Owner: the engine. */
struct peak {
	struct timer timer; /* armed: one has come lately */
	uint64_t looked_ms;
};

void peak_init(struct peak *peak);
void peak_come(struct vserver *vserver);
/* One is about to leave. */
void peak_leave(struct vserver *vserver);
/* The slot goes. */
void peak_end(struct vserver *vserver);
