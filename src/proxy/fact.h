/* SPDX-License-Identifier: Apache-2.0
 * fact.h - what an engine knows of the virtual servers when a rule asks.
 *
 * Numbers cover all engines. Own clients count at once; those of other engines and the states of
 * the services are looked at at most once a millisecond; what no engine knows alone is read from
 * what control sums up (struct stat_live).
 */
#pragma once

#include "policy/situation.h"

#include <stdbool.h>
#include <stdint.h>

struct proxy;
struct vserver;
struct stat_live;

/* Of one virtual server on one engine. Owner: the engine. */
struct fact_look {
	uint64_t looked_ms; /* 0: never */
	uint64_t clients_elsewhere;
	uint32_t services, services_up;
	const struct stat_live *live; /* borrowed: of the newest snapshot */
};

/* The function of struct situation. `context` is the proxy. */
bool fact_read(void *context, uint32_t vserver, enum situation_fact fact, int64_t *number);
