/* SPDX-License-Identifier: Apache-2.0
 * plan.h - the configuration resolved: what there is to run, before anything has a pool, a socket
 * or a state.
 *
 * Control makes a plan after every change, compares it with what runs (by uid), opens and closes
 * pools, sockets and monitors, and has build.h make the snapshot of it. Unsupported protocols are
 * left out. A member of a service group is a service here, named "group?server?port".
 */
#pragma once

#include "admit/quota.h"
#include "base/address.h"
#include "base/arena.h"
#include "base/str.h"
#include "config/config.h"
#include "model/monitor_conf.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct rule;

#define PLAN_UNLIMITED (-1)

enum { BYTES_OF_KBIT = 125 };

struct plan_monitor {
	uint64_t uid; /* of the binding, or of the monitor when it is the default one */
	const struct object *object; /* borrowed: kind lb monitor */
	struct str name;
	uint32_t weight;
	bool is_passive;
	struct monitor_conf conf; /* its texts live as long as the plan */
};

struct plan_service {
	uint64_t uid; /* of the service, or of the group's member binding */
	struct str name;
	struct str known_as;         /* known_as.h */
	const struct object *object; /* borrowed: service or service group */
	enum protocol protocol;
	struct address address;
	struct str unresolved; /* why its server has no address yet; empty: it has one */
	uint32_t max_client;   /* 0: no limit */
	uint64_t bandwidth;    /* bytes a second; 0: no limit */
	uint32_t max_requests_per_connection;
	uint32_t client_timeout_ms, server_timeout_ms;
	uint32_t monitor_threshold; /* -monThreshold; 0: all monitors must say up */
	struct str client_ip_field;
	bool sends_proxy_protocol;
	bool has_line;                       /* -sp ON */
	uint64_t hash_id;                    /* as in struct model_service */
	struct str custom_id;                /* -CustomServerID; empty: none */
	bool is_enabled;                     /* server, group and itself */
	struct leave leave;                  /* how it goes when it is not enabled */
	bool flushes;                        /* -downStateFlush */
	bool is_monitored;                   /* -healthMonitor NO: up while enabled */
	const struct plan_monitor *monitors; /* without any: tcp-default */
	uint32_t monitor_count;
	struct codes good_codes; /* as in struct model_service */
	uint32_t *users;         /* indices in plan->vservers: plan_user.h */
	uint32_t user_count;
};

struct plan_member {
	uint32_t service; /* index in plan->services */
	uint32_t weight;
};

/* A spillover policy. */
struct plan_policy {
	uint64_t uid;
	const struct object *object; /* borrowed */
	struct str name;
	const struct rule *rule; /* its virtual servers are indices in plan->vservers */
};

/* A policy that a virtual server has. */
struct plan_spill {
	uint32_t policy; /* index in plan->policies */
	uint32_t priority;
	uint32_t next; /* index of the one that is tested when it was true; the count: none */
};

struct plan_vserver {
	uint64_t uid;
	struct str name;
	struct str known_as; /* known_as.h */
	const struct object *object;
	enum protocol protocol;
	struct address address; /* any address and port 0: not reachable */
	bool is_enabled;
	const struct lb_method *method;
	uint32_t hash_length, netmask, v6_netmask_length; /* as in struct model_vserver */
	uint32_t data_offset, data_length;                /* likewise */
	const struct lb_method *backup_method;
	bool counts_alone;
	struct model_slow_start slow_start;
	struct model_persistence persistence; /* its texts live as long as the plan */
	const struct plan_member *members;
	uint32_t member_count;
	uint32_t backup;                 /* index in plan->vservers, MODEL_NONE */
	const struct plan_spill *spills; /* by priority */
	uint32_t spill_count;
	bool is_watched; /* a rule asks how it is */
	enum so_backup_action so_backup_action;
	struct quota_rule rule;                 /* how its limit is dealt out */
	struct model_spill spill;               /* without is_held_out */
	bool stays_out;                         /* -disablePrimaryOnDown, with a backup */
	int64_t request_limit, session_limit;   /* -soMethod REQUEST, SSLSESSION; PLAN_UNLIMITED */
	uint64_t bandwidth, request_rate;       /* a second; 0: no limit */
	uint32_t queue_depth, queue_timeout_ms; /* as in struct model_vserver */
	struct str redirect_url;
	struct str so_provision;       /* who is told of episodes; empty: nobody */
	const struct network *trusted; /* as in struct model_vserver */
	uint32_t trusted_count;
	uint32_t client_timeout_ms;
	bool flushes; /* -downStateFlush */
};

struct plan {
	struct arena *arena; /* owned: everything in here */
	struct plan_service *services;
	uint32_t service_count;
	struct plan_vserver *vservers;
	uint32_t vserver_count;
	struct plan_policy *policies;
	uint32_t policy_count;
	struct quota_rule spillover;  /* of vservers, where they do not say it themselves */
	struct quota_rule max_client; /* of all services */
	uint32_t max_conn;            /* of services that have no limit of their own; 0: none */
	/* Of all virtual servers together; PLAN_UNLIMITED: no limit. */
	int64_t client_limit, request_limit;
	uint64_t request_rate, bandwidth; /* likewise, a second; 0: no limit */
};

/* Good until the next change of the configuration (it borrows objects). */
struct plan *plan_new(const struct config *config);
void plan_free(struct plan *plan); /* NULL is allowed */

/* The quota of a vserver's pool, from its spillover method: CONNECTION: -soThreshold;
 * DYNAMICCONNECTION: `capacity`, what its services can take now (PLAN_UNLIMITED: one of them has
 * no limit); others: no limit. */
int64_t plan_limit(const struct plan_vserver *vserver, int64_t capacity);
/* Whether the limit moves when services go up and down. */
bool plan_limit_is_dynamic(const struct plan_vserver *vserver);
