/* SPDX-License-Identifier: Apache-2.0
 * departure.h - uses that end, on whatever engine: whether a client that finds no room should wait
 * a moment for them.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct holding;
struct proxy;
struct vserver;

/* Whether a client that finds `holding` full may wait on, having waited so long. `vserver`: whose
 * clients can be seen to be on their way out; NULL: nobody's. */
bool departure_is_near(struct proxy *proxy, struct holding *holding, const struct vserver *vserver,
		       uint64_t waited_ms) MUST_USE;
