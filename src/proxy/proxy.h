/* SPDX-License-Identifier: Apache-2.0
 * proxy.h - the data plane of one engine: its slots, its sessions, what control told it.
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "base/luck.h"
#include "engine/engine.h"
#include "model/snapshot.h"
#include "proxy/arrival.h"
#include "proxy/holding.h"
#include "proxy/queue.h"
#include "proxy/session.h"
#include "proxy/vserver.h"
#include "record/stat.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

/* Owner: the engine. */
struct introduction;

struct proxy {
	struct engine *engine;
	struct quota_core *quota;
	const struct quota_map *map; /* borrowed: all engines' pools, to look at */
	struct persist *persist;     /* borrowed; NULL: there is none */
	struct service_room services;
	struct vserver **vservers; /* by id; owned */
	uint32_t vserver_room;
	struct lb_candidate *candidates; /* owned; scratch of vserver_choose() */
	uint32_t candidate_room;
	uint64_t snapshot_number;
	/* copies of the snapshot's settings */
	uint32_t header_bytes_max, request_timeout_ms;
	bool is_draining, is_stopping, has_drained;
	uint32_t sessions; /* all, of every kind */
	struct slab tcp_sessions, http_sessions;
	struct luck first_reads; /* of new HTTP clients, at once */
	struct list all_sessions; /* struct session: link, so that a stop can end them */
	struct slab introduction_slab;
	struct list introductions;        /* that are being read */
	uint32_t appliance;               /* number of ours in the trail of a client */
	struct holding clients, requests; /* of the whole appliance */
	struct quota_rate *request_rate;  /* likewise; borrowed; NULL: no limit */
	struct pace pace;                 /* likewise: of the bytes of all sessions */
	uint64_t seed;                    /* of the chance of ramps */
	struct slab queued_slab, queued_request_slab;
	struct list queued; /* struct queue_place: clients and requests that wait in line */
	struct task lines_task; /* looks, once in a turn, whether their virtual servers are up */
	struct slab parked_slab;
	struct list parked;     /* accepted clients whose admission is not decided yet, in turn */
	uint32_t parked_before; /* while one is looked at: those before it */
	struct timer parked_timer;  /* looks at them again soon */
	struct task parked_task;    /* looks at them in this turn: a client has left */
	struct loop_hook turn_hook; /* settles the quota */
	struct stat_engine *stats;
};

/* Until a session that found no buffer looks again. The more sessions, the later: at most 16 of
 * them look in a millisecond, so that a lack of memory costs no processor. */
static inline uint64_t proxy_starved_ms(const struct proxy *proxy)
{
	return 5 + proxy->sessions / 16;
}

struct proxy_limits {
	size_t sessions_max; /* of each kind, on this engine */
	size_t servers_max;
};

/* Makes `engine` run the data plane: sets its plane, receive, begin and end. Before the start.
 * `map` is shared with the other engines. NULL without memory. */
struct proxy *proxy_new(struct engine *engine, struct quota_map *map, struct stat_engine *stats,
			struct proxy_limits limits);
/* The table of persistence that all engines share. Before the start. */
void proxy_set_persist(struct proxy *proxy, struct persist *table);
void proxy_free(struct proxy *proxy); /* after the thread has ended */

/* A client was accepted: decides who serves it and starts a session (or answers and closes). */
void proxy_accept(struct proxy *proxy, struct vserver *reached, int fd, const struct address *peer);
/* A client was introduced by a proxy before us: on with it. */
void proxy_introduced(struct proxy *proxy, struct vserver *reached, int fd,
		      struct introduction *introduction);
/* A client does not wait in line any more: it is decided now who serves it. `granted` (NULL: none)
 * is what it got a use of. */
void proxy_decide_now(struct proxy *proxy, struct vserver *reached, struct holding *granted,
		      const struct arrival *arrival);
/* A client gave its use back: one whose admission is not decided may have it. */
void proxy_client_left(struct proxy *proxy);
/* A session has gone: a draining engine looks whether it was the last. */
void proxy_session_left(struct proxy *proxy);
/* By id; NULL: none. */
struct vserver *proxy_vserver(struct proxy *proxy, uint32_t id);
