/* SPDX-License-Identifier: Apache-2.0
 * reserve.h - a quota pool that exists only while a limit is configured: requests in flight of a
 * virtual server, clients of the whole appliance and their like.
 *
 * What it counts may be there before the pool is. So the pool opens without a limit, every engine
 * moves what it has in flight over when it takes up the first snapshot that names the pool, and
 * the limit is set when all have. A pool that is named no more closes when every engine has taken
 * up a snapshot without it.
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "config/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owner: control. */
struct reserve {
	uint32_t pool;          /* QUOTA_NONE: there is none */
	uint64_t key;           /* that a next data process finds it by */
	int64_t limit;          /* that the pool has; PLAN_UNLIMITED: none so far */
	struct quota_rule rule; /* that the pool has */
	uint64_t named;         /* number of the first snapshot with it */
	uint32_t queue_depth;   /* of the pool */
};

/* A pool that engines are to leave. */
struct reserve_left {
	uint32_t pool;
	uint64_t number; /* of the first snapshot without it */
};

/* All that leave. Owner: control. */
struct reserve_exit {
	struct reserve_left *left; /* owned */
	size_t count, room;
};

void reserve_init(struct reserve *reserve);
/* Opens the pool (the one of that key, when an earlier data process left it) when there is to be a
 * limit, else gives it up; `newest` is the number of the newest snapshot. False: there is no room
 * for another pool. */
bool reserve_want(struct reserve *reserve, struct quota_map *map, uint64_t key, int64_t limit,
		  const struct quota_rule *rule, uint64_t newest,
		  struct reserve_exit *exit) MUST_USE;
/* Sets the limit once that is allowed: `everywhere` is the newest snapshot that every engine has.
 * `is_fresh`: no engine can have anything in flight. */
void reserve_apply(struct reserve *reserve, struct quota_map *map, int64_t limit, bool is_fresh,
		   uint64_t everywhere);
/* So many may wait for a use of it, see quota_queue_set(). False without memory. */
bool reserve_line_up(struct reserve *reserve, struct quota_map *map, uint32_t depth) MUST_USE;
/* Its engines have gone, or never knew it. */
void reserve_end(struct reserve *reserve, struct quota_map *map);
/* Closes what every engine has left. */
void reserve_sweep(struct reserve_exit *exit, struct quota_map *map, uint64_t everywhere);
void reserve_exit_fini(struct reserve_exit *exit);
