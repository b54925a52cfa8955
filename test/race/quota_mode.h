/* SPDX-License-Identifier: Apache-2.0
 * quota_mode.h - a pool's mode changes and the rest of its rule stays, for whoever tests both.
 */
#pragma once

#include "admit/quota.h"

static inline void set_mode(struct quota_map *map, uint32_t pool, enum quota_mode mode)
{
	struct quota_rule rule = quota_rule_of(map, pool);

	rule.mode = mode;
	quota_set_rule(map, pool, &rule);
}
