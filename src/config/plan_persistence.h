/* SPDX-License-Identifier: Apache-2.0
 * plan_persistence.h - what a virtual server says about persistence, as engines read it.
 */
#pragma once

#include "base/arena.h"
#include "config/object.h"
#include "model/snapshot.h"

/* Its texts are copied into the arena. */
struct model_persistence plan_persistence(const struct object *object, struct arena *arena);
