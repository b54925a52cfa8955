/* SPDX-License-Identifier: Apache-2.0
 * queue.h - clients and requests of this engine that wait in line for a use of a full virtual
 * server (-soQueueDepth, -soQueueTimeout).
 *
 * The line itself, over all engines, is admit/quota_queue.h. A client waits here with its socket
 * and its time-out, and it is watched: one that goes leaves the line and no trace. Gone is an HTTP
 * client that closed its half, and a TCP client that did so without having sent anything; both when
 * their connection broke. A request waits in its session, which has the socket and the time-out;
 * here is its place only. When the session goes while a use is on its way the place stays behind
 * and gives the use back.
 */
#pragma once

#include "admit/quota_queue.h"
#include "base/check.h"
#include "engine/loop.h"
#include "engine/timer.h"
#include "proxy/arrival.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct holding;
struct proxy;
struct vserver;

/* One place in a line. Owner: the engine. From a slab of the proxy. */
struct queue_place {
	struct quota_waiter waiter;
	struct list link; /* in proxy->queued */
	struct proxy *proxy;
	struct vserver *at;      /* held: whose use it waits for */
	struct holding *holding; /* of `at`: what it waits for a use of */
	uint64_t since_ms;
	struct loop_free free_later;
};

/* A client that waits. Owner: the engine. */
struct queued {
	struct queue_place place;
	struct vserver *reached; /* held */
	struct arrival arrival;  /* owned; fd -1: it went when its use was on the way */
	struct watch watch;
	struct timer timeout;
};

enum queue_state {
	QUEUE_WAITS,
	QUEUE_SERVED, /* one use is its session's: queue_take() */
	QUEUE_OVER    /* the limit or the line is there no more: queue_dissolved(), and ask again */
};

/* A request that waits. Owner: the engine; its session until that leaves or takes. */
struct queued_request {
	struct queue_place place;
	struct task *task; /* of the session, woken when `state` changes; NULL: it has left */
	enum queue_state state;
};

/* `at` is full and has a queue. QUOTA_JOINED: the client is taken over. QUOTA_SERVED: one use of
 * `holding` of it is the caller's. Else nothing happened; QUOTA_CROWDED was counted. */
enum quota_join queue_enter(struct vserver *reached, struct vserver *at, struct holding *holding,
			    const struct arrival *arrival) MUST_USE;
/* Likewise for a request; QUOTA_JOINED: *out until queue_take(), queue_dissolved(), queue_leave()
 * or queue_late(). */
enum quota_join queue_enter_request(struct vserver *at, struct holding *holding, struct task *task,
				    struct queued_request **out) MUST_USE;
/* QUEUE_SERVED: the use that is the caller's now; the place is gone. */
struct holding *queue_take(struct queued_request *request) MUST_USE;
/* QUEUE_OVER: the place is gone. */
void queue_dissolved(struct queued_request *request);
/* The request goes away, in whatever state. */
void queue_leave(struct queued_request *request);
/* It waited too long. False: its use is on the way, and it is not late. */
bool queue_late(struct queued_request *request) MUST_USE;

/* The bell rang: those who were served go on. */
void queue_look(struct proxy *proxy);
/* The limit of `holding` goes: requests that wait for a use of it are told to ask again, and no use
 * of it is on the way to any. */
void queue_dissolve(struct proxy *proxy, const struct holding *holding);
/* Those in a line that is closed (vserver.h: is_line_closed) are decided now, as who comes now. */
void queue_send_on(struct proxy *proxy);
/* The engine stops, all sessions have gone: all are closed. */
void queue_close_all(struct proxy *proxy);
