/* SPDX-License-Identifier: Apache-2.0
 * snapshot.h - the whole configuration as engines read it. Immutable after publish.
 *
 * Control builds it in one arena, numbers it and sends it to every engine. An engine copies what
 * it needs into its own slots (by id) when it takes the snapshot up and says MESSAGE_TAKEN;
 * sessions hold slots, never a snapshot, so a connection of a day pins nothing. When all engines
 * have taken a newer one, control frees it.
 *
 * An id is dense, small and stable while the thing exists; it is used again only after every
 * engine has said that its last session left.
 */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/network.h"
#include "base/str.h"
#include "model/codes.h"
#include "model/persistence.h"

#include <stdbool.h>
#include <stdint.h>

struct lb_method;
struct quota_rate;
struct rule;
struct stat_health;
struct stat_live;
struct stat_policy;
struct stat_service;
struct stat_spill;
struct stat_vserver;

#define MODEL_NONE UINT32_MAX /* no id, no pool */

enum protocol { PROTOCOL_HTTP, PROTOCOL_TCP };

/* What happens to a client when the limit is reached and no backup can take it. */
enum so_backup_action {
	SO_BACKUP_DEFAULT, /* redirect when a URL is set, else as DROP */
	SO_BACKUP_DROP,
	SO_BACKUP_ACCEPT,
	SO_BACKUP_REDIRECT
};

/* A server that we send traffic to: a service, or one member of a service group. */
struct model_service {
	uint32_t id;
	struct str name;     /* of a member: "group?server?port" */
	uint64_t tag;        /* hash of the name it is known by: see persist/persist.h */
	uint64_t custom_tag; /* hash of -CustomServerID; 0: none */
	uint64_t hash_id;    /* for methods that hash: -hashId, or a hash of the name */
	enum protocol protocol;
	struct address address;
	uint32_t pool;       /* quota pool of its connections; never MODEL_NONE */
	uint32_t max_client; /* 0: no limit; the pool holds it, this is for the arithmetic of lb */
	struct quota_rate *bandwidth; /* borrowed: bytes a second, both ways; NULL: no limit */
	uint32_t max_requests_per_connection; /* 0: no limit (-maxReq) */
	uint32_t server_timeout_ms;           /* idle, -svrTimeout */
	uint32_t client_timeout_ms;           /* idle, -cltTimeout; 0: the virtual server's */
	uint32_t connect_timeout_ms;
	bool is_enabled;
	bool is_leaving;            /* disabled gracefully: clients that it knows may still come */
	bool is_up;                 /* its monitors say so and it is not out of service, when this
				     * was built */
	bool sends_proxy_protocol;  /* a connection begins with its header */
	bool has_line;              /* -sp: one line over all engines waits for its pool */
	struct str client_ip_field; /* -cip ENABLED: field name to insert; empty: none */
	struct stat_service *stats; /* borrowed: one for each engine, by engine index */
	struct codes good_codes;    /* of answers; others are counted as unexpected */
	const struct stat_health *health; /* borrowed: what monitors measured; lives like stats */
};

/* How a service that has just come up gets its share of new clients. */
struct model_slow_start {
	uint32_t step;   /* -newServiceRequest: more of it every interval; 0: off */
	bool is_percent; /* of what the others get on average; else clients or requests a second */
	uint32_t interval_s;  /* -newServiceRequestIncrementInterval; 0: never more */
	uint32_t round_robin; /* choices for each that are made in turn first (-startupRRFactor) */
};

struct model_member {
	uint32_t service; /* id */
	uint32_t weight;  /* 1..100 */
};

/* What makes a virtual server spill besides the limits of its pools. */
struct model_spill {
	uint32_t health_least; /* -soMethod HEALTH: percent that is to be up; 0: off */
	uint32_t up_least;     /* -healthThreshold: percent of the services; 0: one is enough */
	uint32_t ramp;         /* -soRamp: percent of the limit; 0: off */
	uint32_t rate_reserve_percent; /* of what may come at once, likewise, or ... */
	uint64_t rate_reserve;         /* ... units of it: for who is known; 0: none */
	bool is_shadow;                /* what would spill is counted, and served */
	bool is_held_out;              /* it was down and waits for an operator */
};

/* A spillover policy of a virtual server. */
struct model_policy {
	uint64_t uid;
	const struct rule *rule; /* in this arena; its virtual servers are ids */
	uint32_t next; /* index of the one that is tested when it was true; the count: none */
	struct stat_policy *stats; /* borrowed: one for each engine */
};

enum { MODEL_DESTINATIONS_MAX = 64 }; /* in a chain of backups, that are counted by name */

struct model_vserver {
	uint32_t id;
	struct str name;
	uint64_t tag; /* hash of the name it is known by */
	enum protocol protocol;
	struct address address; /* any address and port 0: not reachable, a backup only */
	const int *listeners;   /* borrowed: a descriptor for each engine; NULL: none */
	bool is_enabled;
	const struct lb_method *method;
	/* What the keys of methods that hash are made of. */
	uint32_t hash_length;       /* bytes of URL or host name that count; 0: all */
	uint32_t netmask;           /* of IPv4 addresses, in network order; 0: all bits count */
	uint32_t v6_netmask_length; /* bits; 0: all */
	uint32_t data_offset, data_length;     /* of the token in what a TCP client says; 0: none */
	const struct lb_method *backup_method; /* where the method has nothing to go by */
	bool counts_alone; /* what other engines do is not compared (-consolidatedLConn NO) */
	struct model_slow_start slow_start;
	struct model_persistence persistence;
	const struct model_member *members;
	uint32_t member_count;
	uint32_t pool;         /* quota pool of its clients; never MODEL_NONE: unlimited ones too */
	uint32_t request_pool; /* of its requests in flight; MODEL_NONE: not limited */
	uint32_t session_pool; /* of its TLS sessions; likewise */
	uint32_t backup;       /* id of a virtual server, or MODEL_NONE */
	/* Borrowed: bytes a second, both ways, and requests a second; NULL: no limit. */
	struct quota_rate *bandwidth, *request_rate;
	uint32_t queue_depth, queue_timeout_ms; /* how many may wait for a use; 0: nobody */
	const struct model_policy *policies;    /* in the order in which they are tested */
	uint32_t policy_count;
	enum so_backup_action so_backup_action;
	struct model_spill spill;
	struct str redirect_url; /* empty: none */
	/* Who must, and may, say in the PROXY protocol who his client is; none: nobody. */
	const struct network *trusted;
	uint32_t trusted_count;
	uint32_t client_timeout_ms; /* idle, -cltTimeout */
	struct stat_vserver *stats; /* borrowed: one for each engine */
	/* Borrowed, likewise: where its chain of backups leads, nearest first. */
	struct stat_spill *const *destinations;
	uint32_t destination_count;
	const struct stat_live *live; /* borrowed: what rules may ask; lives like stats */
};

struct snapshot {
	uint64_t number;
	struct arena *arena; /* owned: everything in here */
	/* By id; NULL where there is none. */
	const struct model_service *const *services;
	uint32_t service_room;
	const struct model_vserver *const *vservers;
	uint32_t vserver_room;
	/* Of the whole appliance, all virtual servers together; MODEL_NONE: not limited. */
	uint32_t client_pool, request_pool;
	struct quota_rate *request_rate, *bandwidth; /* borrowed; NULL: not limited */
	uint32_t header_bytes_max;   /* of a request or response head; default 24820 */
	uint32_t request_timeout_ms; /* for a whole request head to arrive */
	uint32_t appliance;          /* of this appliance, in the trail of a client: random */
	uint32_t keep_idle_max;      /* idle server connections per service and engine */
};

/* The vserver or service of an id; NULL when there is none. */
static inline const struct model_vserver *snapshot_vserver(const struct snapshot *snapshot,
							   uint32_t id)
{
	return id < snapshot->vserver_room ? snapshot->vservers[id] : NULL;
}

static inline const struct model_service *snapshot_service(const struct snapshot *snapshot,
							   uint32_t id)
{
	return id < snapshot->service_room ? snapshot->services[id] : NULL;
}

void snapshot_free(struct snapshot *snapshot); /* NULL is allowed */
