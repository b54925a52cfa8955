/* SPDX-License-Identifier: Apache-2.0
 * config_priv.h - what a configuration is made of. Owner: control.
 */
#pragma once

#include "config/config.h"
#include "config/kept.h"
#include "config/store.h"

struct config {
	struct store store;
	struct kept kept;
	uint64_t generation;
	bool has_known_as; /* something had -knownAs since the start */
};
