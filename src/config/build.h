/* SPDX-License-Identifier: Apache-2.0
 * build.h - a plan and what control gave its parts (ids, pools, sockets, states) to a snapshot.
 */
#pragma once

#include "config/plan.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct build_service {
	uint32_t id, pool;
	struct stat_service *stats;
	const struct stat_health *health;
	struct quota_rate *bandwidth; /* NULL: no limit */
	bool is_up;
	bool is_leaving; /* and so disabled, but clients that it knows may come */
};

struct build_vserver {
	uint32_t id, pool;
	struct stat_vserver *stats;
	bool is_held_out;
	const struct stat_live *live;
	uint32_t request_pool, session_pool;         /* MODEL_NONE: not limited */
	struct quota_rate *bandwidth, *request_rate; /* NULL: no limit */
	const int *listeners; /* NULL: none. Must live as long as the snapshot */
};

struct build_runtime {
	void *context;
	uint32_t appliance; /* number of this appliance in the trail of a client */
	/* of the appliance; NULL: no limit */
	struct quota_rate *request_rate, *bandwidth;
	uint32_t client_pool, request_pool; /* of the appliance; MODEL_NONE: not limited */
	struct build_service (*service)(void *context, uint64_t uid);
	struct build_vserver (*vserver)(void *context, uint64_t uid);
	struct stat_policy *(*policy)(void *context, uint64_t uid); /* one for each engine */
	/* Likewise, of what `from` spills to `to`, at most MODEL_DESTINATIONS_MAX further. */
	struct stat_spill *(*destination)(void *context, uint64_t from, uint64_t to);
};

/* Everything in it is copied; the plan may go. The caller owns it: snapshot_free(). */
struct snapshot *build_snapshot(const struct plan *plan, const struct build_runtime *runtime,
				uint64_t number);
