/* SPDX-License-Identifier: Apache-2.0
 * least_priv.h - the candidate with the least load for its weight; among equals each in turn.
 *
 * What load is, is the method's affair. Whatever it is, a service of twice the weight may have
 * twice as much of it.
 */
#pragma once

#include "lb/lb.h"

#include <assert.h>

struct least_state {
	uint32_t last; /* index that was chosen last */
};

static_assert(sizeof(struct least_state) <= LB_STATE_MAX, "a method's state fits the slot");

int least_choose(void *memory, const struct lb_candidate *candidates, unsigned count, uint64_t key);
