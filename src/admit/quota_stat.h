/* SPDX-License-Identifier: Apache-2.0
 * quota_stat.h - what the engines count of a pool, as rows for stat, the REST API and the metrics:
 * one block for each engine, as in record/stat.h. The counts go on over a crash.
 */
#pragma once

#include "admit/quota.h"
#include "record/stat.h"

/* Ends with a row without a name. */
extern const struct stat_row quota_stat_rows[];

/* The block of engine 0; each further one lies quota_stat_size() bytes behind. */
const void *quota_stat_blocks(const struct quota_map *map, uint32_t pool);
size_t quota_stat_size(const struct quota_map *map);
