/* SPDX-License-Identifier: Apache-2.0
 * runtime.h - what runs: for every configured service and virtual server its dense id, its quota
 * pool, its counters, its listening sockets, and whether it is up.
 *
 * Entries are found by the uid of the configuration, which survives renames. When a thing is
 * configured no more its entry retires: id, pool and counters are used again only after every
 * engine has said that its last session left.
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "base/hash.h"
#include "config/plan.h"
#include "control/destinations.h"
#include "control/gate.h"
#include "control/muster.h"
#include "control/policies.h"
#include "control/rate.h"
#include "control/reserve.h"
#include "control/state.h"
#include "control/vault.h"
#include "model/snapshot.h"
#include "record/reason.h"
#include "record/stat.h"

#include <stdbool.h>
#include <stdint.h>

struct survey_room;
struct health; /* health.h: the monitors of a service */

/* What services and virtual servers have in common. Owner: control. */
struct runtime_entry {
	uint64_t uid;
	uint32_t id, pool;
	char *name;          /* owned; the newest, for the log */
	void *numbers;       /* the counters: a block of the vault */
	uint64_t *cleared;   /* behind the counters: by row, what -clearstats has hidden */
	bool is_configured;  /* in the newest plan */
	bool is_published;   /* engines know it */
	unsigned gone_count; /* engines whose last session has left */
	uint64_t seen;       /* number of the newest plan that has it */
	/* The snapshot that names the pool first, when what it counts may be in flight already: the
	 * pool has no limit until every engine has taken that up and registered its part. 0: the
	 * pool came with the thing itself. */
	uint64_t named_in;
	int64_t limit;          /* of the pool; -1: none */
	struct quota_rule rule; /* of the pool */
	uint32_t queue_depth;   /* of the pool */
};

struct runtime_service {
	struct runtime_entry entry;
	struct stat_service *stats;      /* owned: one for each engine, in a block of the vault */
	const struct plan_service *plan; /* borrowed: of the newest plan; NULL: not in it */
	struct rate bandwidth;
	struct health *health;        /* owned by health.c; NULL: not monitored */
	struct stat_health *measured; /* owned: what engines may read of it */
	bool is_judged, is_well;      /* monitors: have said something; it can serve */
	char verdict[160];            /* theirs, in words */
	enum service_state state;     /* of that and of what the operator wants: state.h */
	struct state_way way;         /* out of service */
	enum service_state announced; /* the state that the webhook knows */
	bool was_announced;           /* it has heard of this service */
	bool is_up;                   /* what the engines were told: well, and not out */
	bool is_cut_due;              /* its connections, once engines know why */
	struct muster_share share;    /* as what its virtual servers count it */
	uint64_t since_ms;            /* wall clock, of the state */
	char why[320];                /* in words */
	uint64_t wanting[2];          /* bit for each engine that asked for an idle connection */
};

/* The spilling of a virtual server so far; the next data process goes on with it. */
struct runtime_spilling {
	uint64_t episodes;
	uint64_t ms_total; /* of the episodes that are over */
	uint64_t since_ms; /* wall clock; of the episode that lasts; 0: none */
};

struct runtime_vserver {
	struct runtime_entry entry;
	struct stat_vserver *stats; /* owned: one for each engine, in a block of the vault */
	struct destinations destinations;
	struct reserve requests, sessions;
	struct rate bandwidth, request_rate;
	struct stat_live *live;          /* owned: what rules may ask; see survey.h */
	struct survey_room *survey;      /* owned; NULL: no rule has named it */
	const struct plan_vserver *plan; /* borrowed: of the newest plan; NULL: not in it */
	struct gate *gate;      /* NULL: not reachable, disabled, or the address is not to be had */
	struct address address; /* where it listens, or last did; zero: nowhere yet */
	bool is_up;             /* enabled, and a service is up */
	bool has_service;       /* one that serves, be it only those that it knows */
	struct muster muster;   /* what its services amount to */
	bool is_held_out;       /* it was down, and waits for an operator: -disablePrimaryOnDown */
	bool is_cut_due;        /* its clients, once engines know why */
	int listen_error;       /* -errno of the last attempt; 0: none */
	uint64_t spilling[2];   /* bit for each engine that says it spills */
	enum reason spill_reason; /* of the newest episode */
	uint64_t calm_since_ms;   /* wall clock: the end of the newest episode, or its begin here */
	struct runtime_spilling *spilling_so_far; /* behind the counters */
};

/* Owner: control. */
struct runtime {
	struct quota_map *map; /* borrowed */
	struct vault *vault;   /* borrowed; NULL: counters die with the process */
	struct gates *gates;   /* borrowed */
	struct policies policies;
	unsigned engine_count;
	struct hash by_uid[2];               /* services, virtual servers: uid to entry */
	struct runtime_service **services;   /* by id; owned */
	struct runtime_vserver **vservers;   /* by id; owned */
	uint32_t service_room, vserver_room; /* of the tables */
	uint64_t plans;                      /* how many were taken */
	struct reserve clients, requests;    /* of the whole appliance */
	struct rate request_rate, bandwidth; /* likewise */
	struct reserve_exit exit;
	uint64_t newest, everywhere; /* snapshots: sent last; the newest that every engine has */
};

void runtime_init(struct runtime *runtime, struct quota_map *map, struct vault *vault,
		  struct gates *gates, unsigned engine_count);
/* After the engines have ended. Health must be gone. */
void runtime_fini(struct runtime *runtime);

struct runtime_service *runtime_service(const struct runtime *runtime, uint64_t uid);
struct runtime_vserver *runtime_vserver(const struct runtime *runtime, uint64_t uid);
struct runtime_service *runtime_service_id(const struct runtime *runtime, uint32_t id);
struct runtime_vserver *runtime_vserver_id(const struct runtime *runtime, uint32_t id);

/* Makes entries for what is new in the plan, opens sockets, and retires what is in it no more. A
 * socket that cannot be had is noted in the entry. `newest`: number of the newest snapshot. False
 * when pools run out: then nothing may be published until a later plan fits. */
bool runtime_take(struct runtime *runtime, const struct plan *plan, uint64_t newest) MUST_USE;
/* After that was false: the plan is about to go, and nothing may lead to it. */
void runtime_forget(struct runtime *runtime);
/* What is configured no more and no engine ever heard of goes at once; the rest when the engines
 * say so. Its health must have ended. */
void runtime_sweep(struct runtime *runtime);
/* Opens or plans to close the sockets of one virtual server as its plan says; 0 or -errno. */
int runtime_listen(struct runtime *runtime, struct runtime_vserver *vserver,
		   uint64_t newest) MUST_USE;
/* Every engine has taken up this snapshot. */
void runtime_everywhere(struct runtime *runtime, uint64_t number);
/* After the publish: everything in the plan is known to the engines now. */
void runtime_published(struct runtime *runtime);
/* For a drain: nothing listens in the next snapshot. */
void runtime_close_gates(struct runtime *runtime, uint64_t newest);
/* MESSAGE_SERVICE_GONE, MESSAGE_VSERVER_GONE. */
void runtime_service_gone(struct runtime *runtime, uint32_t id);
void runtime_vserver_gone(struct runtime *runtime, uint32_t id);
