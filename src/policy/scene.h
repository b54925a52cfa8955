/* SPDX-License-Identifier: Apache-2.0
 * scene.h - what an expression may ask while it is evaluated: who the client is, and how the
 * virtual servers are. The data plane and control each have their own.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of a virtual server, over all engines. */
enum scene_fact {
	SCENE_CONNECTIONS,     /* clients that it serves */
	SCENE_THROUGHPUT,      /* megabits per second, both directions */
	SCENE_RESPONSE_TIME,   /* microseconds to the first byte, average over its services */
	SCENE_SURGE,           /* clients and requests that wait for a service */
	SCENE_STATE,           /* enum datum_state */
	SCENE_HEALTH,          /* percent of its services that are up */
	SCENE_ACTIVE_SERVICES, /* how many are up */
	SCENE_FACTS
};

struct scene {
	/* False when there is no such virtual server: the expression is undefined then. */
	bool (*vserver)(void *context, uint32_t id, enum scene_fact fact, int64_t *number);
	void *context;
	const struct address *client; /* borrowed; NULL: not known, what asks for it is undefined */
};
