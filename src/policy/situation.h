/* SPDX-License-Identifier: Apache-2.0
 * situation.h - what an expression may ask while it is evaluated: who the client is, and how the
 * virtual servers are. The data plane and control each have their own.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of a virtual server, over all engines. */
enum situation_fact {
	SITUATION_CONNECTIONS,     /* clients that it serves */
	SITUATION_THROUGHPUT,      /* megabits per second, both directions */
	SITUATION_RESPONSE_TIME,   /* microseconds to the first byte, average over its services */
	SITUATION_SURGE,           /* clients and requests that wait for a service */
	SITUATION_STATE,           /* enum datum_state */
	SITUATION_HEALTH,          /* percent of its services that are up */
	SITUATION_ACTIVE_SERVICES, /* how many are up */
	SITUATION_FACTS
};

struct situation {
	/* False when there is no such virtual server: the expression is undefined then. */
	bool (*vserver)(void *context, uint32_t id, enum situation_fact fact, int64_t *number);
	void *context;
	const struct address *client; /* borrowed; NULL: not known, what asks for it is undefined */
};
