/* SPDX-License-Identifier: Apache-2.0
 * quota_sources.h - all sources of the pools, for who builds them in with QUOTA_CHAOS.
 */
#pragma once

#include "admit/quota.c"
#include "admit/quota_guard.c"
#include "admit/quota_map.c"
#include "admit/quota_patent.c"
#include "admit/quota_pool.c"
#include "admit/quota_queue.c"
#include "admit/quota_rule.c"
