/* SPDX-License-Identifier: Apache-2.0
 * destinations.h - where the clients of a virtual server went when it spilled: counters by the
 * virtual server that served them, whatever its place in the chain is or was.
 *
 * Engines write them, and the next data process goes on with those of the chain. A destination that
 * left the chain is remembered while it is configured; its counters go when every engine has taken
 * up a snapshot without it. Those further down than MODEL_DESTINATIONS_MAX are not counted. Owner:
 * control.
 */
#pragma once

#include "config/plan.h"
#include "control/vault.h"
#include "record/stat.h"

#include <stdint.h>

struct destination {
	struct destination *next;
	uint64_t uid;             /* of the virtual server */
	struct stat_spill *stats; /* owned: one for each engine, in a block of the vault */
	uint64_t *cleared;        /* behind them: what stat -clearstats hides */
	uint64_t retired; /* number of the newest snapshot then; UINT64_MAX: it is configured */
};

/* Of one virtual server. Zero: none yet. */
struct destinations {
	struct destination *first; /* owned; in the order in which they came into the chain */
};

/* Makes what the chain behind `vserver` needs. */
void destinations_take(struct destinations *destinations, struct vault *vault,
		       const struct plan *plan, const struct plan_vserver *vserver,
		       unsigned engine_count);
/* No engine writes them any more. */
void destinations_fini(struct destinations *destinations, struct vault *vault);
/* Every engine has taken up that snapshot, or a later one. */
void destinations_everywhere(struct destinations *destinations, struct vault *vault,
			     uint64_t number);
/* NULL: there is none of that uid. */
struct destination *destinations_find(const struct destinations *destinations, uint64_t uid);
/* Over all engines. */
uint64_t destinations_clients(const struct destination *destination, unsigned engine_count);
