/* SPDX-License-Identifier: Apache-2.0
 * episode.h - a virtual server spills, as control is told: from the first client that is given
 * away on this engine until no other was for a while and the reason is gone.
 */
#pragma once

#include "engine/timer.h"
#include "record/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct vserver;

/* Owner: the engine. */
struct episode {
	bool is_on;          /* control was told */
	enum reason reason;  /* of the newest client that was spilled */
	uint64_t spilled_ms; /* when that was */
	struct timer timer;  /* armed while it is on: is it over? */
};

void episode_init(struct episode *episode);
/* A client is spilled, because of `reason`. */
void episode_note(struct vserver *vserver, enum reason reason);
/* The slot goes. */
void episode_end(struct vserver *vserver);
