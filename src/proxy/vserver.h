/* SPDX-License-Identifier: Apache-2.0
 * vserver.h - a virtual server's slot on one engine, and the decision who serves a new client.
 *
 * Every client holds one use of the quota pool of the virtual server that serves it, from before
 * it is looked at until it is closed. A virtual server whose limit is reached, or that is down,
 * hands the client down its chain of backups; each has its own limit.
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "model/snapshot.h"
#include "proxy/balance.h"
#include "record/stat.h"
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
	uint32_t pool;
	uint32_t backup; /* id, or MODEL_NONE */
	enum so_backup_action so_backup_action;
	char *redirect_url; /* owned; NULL: none */
	uint32_t client_timeout_ms;
	struct listener *listener; /* owned; NULL: not reachable */
	uint32_t sessions;         /* on this engine, counted while they refer to this slot */
	uint32_t clients;          /* on this engine: admitted and not left */
	uint32_t excess;           /* of the clients: let in past the limit, without a use */
	uint32_t parked;           /* on this engine: clients that reached it, not decided yet */
	bool was_full;             /* scratch of vserver_admit() */
	bool is_spilling;          /* control was told */
	/* Clients that left, on all engines: how many, when that was last looked at, and when it
	 * was last seen to have grown. */
	uint64_t departures, looked_ms, departed_ms;
	bool is_closed;           /* at that look: a limit of 0, and nobody is there */
	uint64_t spilled_ms;      /* when the last client was spilled */
	struct timer spill_timer; /* armed while is_spilling: is it over? */
	struct stat_vserver *stats;
	struct loop_free free_later;
};

enum admit {
	ADMIT_OK,       /* vserver serves the client; one use of its pool is held */
	ADMIT_REFUSE,   /* drop: 503 with Retry-After, or reset */
	ADMIT_REDIRECT, /* 302 to redirect_url */
	ADMIT_AGAIN     /* undecided: ask again soon */
};

/* Walks from the virtual server that the client reached through its backups. ADMIT_OK: *serving
 * is the one that serves; vserver_leave() it once. Else *serving is the one that refuses, and with
 * ADMIT_REDIRECT it has the URL. ADMIT_AGAIN: undecided, or full while clients are leaving; ask
 * again soon, with the time that the client has waited; after a while it is decided. */
enum admit vserver_admit(struct vserver *reached, uint64_t waited_ms,
			 struct vserver **serving) MUST_USE;
#define VSERVER_NO_WAIT UINT64_MAX /* waited_ms: decide now */
/* The client has gone (or will have, once its last bytes are written): gives the use back. */
void vserver_leave(struct vserver *serving);
/* A session refers to the slot: it lives until the last one has dropped it. */
void vserver_hold(struct vserver *vserver);
void vserver_drop(struct vserver *vserver);

/* Makes, changes and retires the slots as the snapshot says; services were taken up before. */
void vserver_take_up(struct proxy *proxy, const struct snapshot *snapshot);
void vserver_free(struct vserver *vserver); /* after the engine's end */
/* Stops to listen, for good. */
void vserver_close(struct vserver *vserver);

/* True when at least one member is enabled and up. */
bool vserver_is_up(const struct vserver *vserver);

/* Chooses a service, see balance_choose(), and adds it to `tried`. NULL: none. */
struct service *vserver_choose(struct vserver *vserver, uint64_t key, uint64_t *tried) MUST_USE;
