/* SPDX-License-Identifier: Apache-2.0
 * vserver.h - a virtual server's slot on one engine: its settings, what it counts, and its life.
 */
#pragma once

#include "base/check.h"
#include "model/snapshot.h"
#include "proxy/admission.h"
#include "proxy/balance.h"
#include "proxy/episode.h"
#include "proxy/fact.h"
#include "proxy/holding.h"
#include "proxy/peak.h"
#include "proxy/persistence.h"
#include "proxy/ramp.h"
#include "proxy/spill_policy.h"
#include "record/stat.h"
#include "service/crowd.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

struct proxy;
struct listener;

/* Owner: the engine. Lives until it is configured no more and its last client has gone. Settings
 * are copies. */
struct vserver {
	struct proxy *proxy;
	uint32_t id;
	bool is_configured;
	bool is_enabled;
	enum protocol protocol;
	struct address address;
	struct balance balance; /* its services */
	struct crowd crowd;     /* who waits for any of them */
	struct persistence persistence;
	uint32_t queue_depth, queue_timeout_ms; /* of those who wait for a use; 0: none */
	uint32_t backup;                        /* id, or MODEL_NONE */
	enum so_backup_action so_backup_action;
	char *redirect_url;      /* owned; NULL: none */
	struct network *trusted; /* owned; see struct model_vserver */
	uint32_t trusted_count;
	bool leads_on; /* some service is told by the PROXY protocol: perhaps another appliance */
	uint32_t client_timeout_ms;
	struct listener *listener; /* owned; NULL: not reachable */
	uint32_t sessions;         /* on this engine, counted while they refer to this slot */
	uint32_t in_line;          /* on this engine: places in its line */
	bool is_line_closed;       /* as vserver_close_lines() found it last */
	uint32_t parked;           /* on this engine: clients that reached it, not decided yet */
	enum reason reason;        /* scratch of admission_decide(): why it did not serve */
	enum reason shadow;        /* likewise: why it would not have */
	uint32_t full_pool;        /* likewise: the pool that had no use left ... */
	enum quota_why full_why;   /* ... and what it said then */
	struct episode episode;
	struct peak peak;
	struct model_spill spill;
	struct ramp ramp;
	struct spill_policies policies;
	struct fact_look fact;           /* what rules asked of it */
	struct pace_meter meter;         /* of clients that have no server yet */
	struct pace pace;                /* of the bytes of its sessions */
	struct quota_rate *request_rate; /* borrowed, shared by all engines; NULL: no limit */
	struct holding clients;          /* admitted and not left; the pool is never none */
	struct holding requests;         /* HTTP, in flight */
	struct holding handshakes;       /* TLS, whose handshake was begun */
	struct stat_vserver *stats;
	struct stat_spill **destinations; /* owned table; borrowed: of its backups, nearest first */
	uint32_t destination_count;
	struct loop_free free_later;
};

/* A session refers to the slot: it lives until the last one has dropped it. */
void vserver_hold(struct vserver *vserver);
void vserver_drop(struct vserver *vserver);

/* Before the snapshot is taken up: nobody waits any more for a limit that it does not have. */
void vserver_dissolve_lines(struct proxy *proxy, const struct snapshot *snapshot);
/* Makes, changes and retires the slots as the snapshot says; services were taken up before. */
void vserver_take_up(struct proxy *proxy, const struct snapshot *snapshot);
void vserver_free(struct vserver *vserver); /* after the engine's end */
/* Stops to listen, for good. */
void vserver_close(struct vserver *vserver);

/* True when it is enabled, at least one member is up, and as many as -healthThreshold wants. */
bool vserver_is_up(const struct vserver *vserver);
/* Whether a member serves at least those that it knows. */
bool vserver_has_service(const struct vserver *vserver);
/* As vserver_is_up(), and not kept out by -disablePrimaryOnDown: a new client may be served. */
bool vserver_takes_clients(const struct vserver *vserver);
/* Services or settings have changed: nobody waits in line for one that takes no clients now. */
void vserver_close_lines(struct proxy *proxy);
/* Percent of the weight of its members that is up; 100 without members. */
uint32_t vserver_health(const struct vserver *vserver);

/* Chooses a service, see balance_choose(), and adds it to `tried`. NULL: none. */
struct service *vserver_choose(struct vserver *vserver, uint64_t key, uint64_t *tried) MUST_USE;
