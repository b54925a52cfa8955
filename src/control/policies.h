/* SPDX-License-Identifier: Apache-2.0
 * policies.h - the counters of the spillover policies that run, by the uid of the configuration.
 *
 * Engines write them. Those of a policy that is configured no more go when every engine has taken
 * up a snapshot without it. Owner: control.
 */
#pragma once

#include "base/hash.h"
#include "config/plan.h"
#include "control/vault.h"
#include "record/stat.h"

#include <stdint.h>

enum { POLICIES_ROWS = 2 }; /* of stat_policy_rows */

struct policies_entry {
	uint64_t uid;
	struct stat_policy *stats; /* owned: one for each engine, in a block of the vault */
	uint64_t *cleared;         /* behind them: what stat -clearstats hides, by row */
	uint64_t seen;             /* number of the newest plan that has it */
	uint64_t retired;          /* number of the newest snapshot then; UINT64_MAX: it is used */
};

struct policies {
	struct hash by_uid;
	struct vault *vault; /* borrowed */
	unsigned engine_count;
	uint64_t plans; /* how many were taken */
};

void policies_init(struct policies *policies, struct vault *vault, unsigned engine_count);
void policies_fini(struct policies *policies); /* after the engines have ended */
/* `newest`: number of the newest snapshot. */
void policies_take(struct policies *policies, const struct plan *plan, uint64_t newest);
/* Every engine has taken up that snapshot, or a later one. */
void policies_everywhere(struct policies *policies, uint64_t number);
/* NULL: there is none of that uid. */
struct policies_entry *policies_find(const struct policies *policies, uint64_t uid);
struct stat_policy *policies_stats(const struct policies *policies, uint64_t uid);
