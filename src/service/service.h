/* SPDX-License-Identifier: Apache-2.0
 * service.h - one service as one engine sees it: its connections.
 *
 * Every open connection to the server holds one use of the service's quota pool, idle ones too: so
 * the server never sees more than -maxClient connections, over all engines. Idle connections are
 * reused newest first and checked before use. When the pool is full an idle connection of another
 * engine is asked for (MESSAGE_WANT_IDLE) and the session waits in line (service/line.h).
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "conn/conn.h"
#include "model/snapshot.h"
#include "record/stat.h"
#include "service/line.h"
#include "service/pace.h"

#include <stdbool.h>
#include <stdint.h>

/* One connection to a server, busy or idle. Owner: the engine. From the engine's slab. */
struct server_conn {
	struct conn conn;        /* conn.task: whom events wake; the session's while it is busy */
	struct service *service; /* counted: the slot outlives it */
	struct pace_meter meter; /* of it and of the client that it serves */
	struct list link;        /* in service->busy or service->idle */
	struct task idle_task; /* runs when an idle one is closed by the server or says something */
	uint64_t idle_since_ms;
	uint32_t beginning_number;   /* of its service when it was opened */
	uint32_t requests;           /* sent over it so far; the session counts */
	struct server_conn **keeper; /* of an idle one that is for one session only: where that
				      * finds it; NULL: for any */
	bool is_idle;
	bool is_reused; /* served a request before this one */
	struct loop_free free_later;
};

/* A service's slot on one engine. Owner: the engine. Lives from the first snapshot that has it
 * until it is configured no more and its last connection has gone. Settings are copies. */
struct service {
	struct engine *engine;
	struct service_room *room; /* the engine's slabs and quota, shared by its slots */
	uint32_t id;
	bool is_configured;
	bool is_enabled, is_up;
	bool is_leaving; /* not enabled, but clients that persistence sends here are served */
	enum protocol protocol;
	uint64_t tag, custom_tag, hash_id; /* as in struct model_service */
	struct address address;
	uint32_t beginning_number; /* counts changes of where and with what connections begin: older
				    * ones are not kept */
	uint32_t pool, max_client, max_requests;
	uint32_t server_timeout_ms, client_timeout_ms, connect_timeout_ms;
	bool sends_proxy_protocol; /* a connection is for one client only: service_keep() */
	char client_ip_field[128];
	uint32_t connections; /* open on this engine, idle ones too */
	uint32_t idle_count, idle_max;
	struct list idle;                 /* server_conn, newest first */
	struct list busy;                 /* server_conn, in use by a session */
	struct line line;                 /* those who wait for a use */
	struct pace pace;                 /* of the bytes of its connections */
	struct timer idle_timer;          /* for the oldest idle connection */
	struct stat_service *stats;       /* this engine's block */
	struct codes good_codes;          /* as in struct model_service */
	const struct stat_health *health; /* borrowed: response times as monitors see them (LRTM) */
	struct loop_free free_later;
};

/* What all service slots of an engine share. Owner: the engine. */
struct service_room {
	struct engine *engine;
	struct quota_core *quota;
	struct slab conns;      /* struct server_conn */
	struct slab tickets;    /* struct line_ticket */
	uint32_t ticket_count;  /* of all services */
	struct service **slots; /* by id; owned */
	uint32_t slot_room;
	struct stat_engine *stats;
};

enum service_result {
	SERVICE_READY,      /* *out is connected (reused): write */
	SERVICE_CONNECTING, /* *out is on its way: wait for conn_connected() */
	SERVICE_FULL,       /* every use is taken, others wait, or descriptors are out: try another
			     * service, or wait */
	SERVICE_FAILED      /* refused at once, or nothing that could be waited for */
};

int service_room_init(struct service_room *room, struct engine *engine, struct quota_core *quota,
		      struct stat_engine *stats, size_t conns_max) MUST_USE;
void service_room_fini(struct service_room *room);
/* Brings the slots to what the snapshot says: makes, changes, retires. */
void service_room_take_up(struct service_room *room, const struct snapshot *snapshot);
struct service *service_of(struct service_room *room, uint32_t id); /* NULL: none */
/* The engine stops: closes idle connections and ends what is left of lines for good. Sessions were
 * ended before. */
void service_room_close(struct service_room *room);
void service_set_state(struct service *service, bool is_up);
/* What balancing compares: sessions that it serves or that wait for it, on this engine. */
static inline uint32_t service_load(const struct service *service)
{
	return service->connections - service->idle_count + service->line.count;
}
/* For a client that it has not served before. */
static inline bool service_is_usable(const struct service *service)
{
	return service->is_configured && service->is_enabled && service->is_up;
}
/* For a client that persistence sends here: also while it goes out of service. */
static inline bool service_takes_known(const struct service *service)
{
	return service->is_configured && (service->is_enabled || service->is_leaving) &&
	       service->is_up;
}

/* A connection for a session: an idle one when `may_reuse`, else a new one. Events wake `task`.
 * While sessions wait in line only the first of them (known by its task) gets one; it leaves the
 * line by that and the next is woken. A failed connect is counted here when it fails at once; what
 * fails later the session counts (stats->connect_failures). */
enum service_result service_get(struct service *service, struct task *task, bool may_reuse,
				struct server_conn **out) MUST_USE;
/* The answer was whole and the connection can serve another request: it becomes idle, or goes to
 * nobody and is closed when there are enough. */
void service_put(struct server_conn *server);
/* Likewise where it said who the client is: only the same client may have it again, and *keeper
 * (another one that is kept there is closed) is it until it is gone, used or closed. An idle
 * connection like others: who needs its use gets it. Of other services as service_put(). */
void service_keep(struct server_conn *server, struct server_conn **keeper);
/* The one that is kept, as by service_get(); NULL: it is no good, or others wait before `task`. */
struct server_conn *service_get_kept(struct server_conn *kept, struct task *task) MUST_USE;
/* Closed; `resets` sends RST. The use goes back. `server` and, when it is configured no more, its
 * service live to the end of the turn. */
void service_drop(struct server_conn *server, bool resets);

/* MESSAGE_CUT_SERVICE: idle connections are closed, busy ones break: their sessions read and write
 * CONN_BROKEN. */
void service_cut(struct service *service);
/* MESSAGE_GIVE_IDLE: closes the oldest idle connection; false when there is none. */
bool service_give_idle(struct service *service) MUST_USE;
