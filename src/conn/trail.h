/* SPDX-License-Identifier: Apache-2.0
 * trail.h - the appliances of ours that a client has come through.
 *
 * Two appliances that back each other up would send a client to and fro while both are full. The
 * trail goes with the client, in the header of the PROXY protocol, and ends that: an appliance that
 * finds itself in it, or finds it full, does not send the client on.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRAIL_MAX = 4 }; /* appliances; who has come through so many goes no further */

struct trail {
	uint8_t count;
	uint32_t ids[TRAIL_MAX]; /* oldest first */
};

bool trail_has(const struct trail *trail, uint32_t id);
/* False: it is full, and stays what it was. */
bool trail_add(struct trail *trail, uint32_t id);
