/* SPDX-License-Identifier: Apache-2.0
 * rendezvous_priv.h - the same key to the same service, as long as that service is there.
 *
 * The highest of the scores of all services for the key (rendezvous hashing, Thaler and Ravishankar
 * 1998). When a service goes, its own keys move and no others; when one comes, it takes its share
 * from all. A weight is a share of the keys; when it changes, only the difference moves.
 */
#pragma once

#include "lb/lb.h"

int rendezvous_choose(void *memory, const struct lb_candidate *candidates, unsigned count,
		      uint64_t key);
