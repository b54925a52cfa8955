/* SPDX-License-Identifier: Apache-2.0
 * queue.h - clients of this engine that wait in line for a use of a full virtual server
 * (-soQueueDepth, -soQueueTimeout).
 *
 * The line itself, over all engines, is admit/quota_queue.h. Here are the sockets of those who wait
 * and their time-outs, and they are watched: a client that goes leaves the line and no trace. Gone
 * is an HTTP client that closed its half, and a TCP client that did so without having sent
 * anything; both when their connection broke.
 */
#pragma once

#include "admit/quota_queue.h"
#include "base/check.h"
#include "engine/loop.h"
#include "engine/timer.h"
#include "proxy/arrival.h"

#include <stddef.h>

struct proxy;
struct vserver;

/* One that waits. Owner: the engine. */
struct queued {
	struct quota_waiter waiter;
	struct list link; /* in proxy->queued */
	struct proxy *proxy;
	struct vserver *reached, *at; /* held; at: whose use it waits for */
	struct arrival arrival;       /* owned; fd -1: it went when its use was on the way */
	struct watch watch;
	struct timer timeout;
	uint64_t since_ms;
	struct loop_free free_later;
};

/* `at` is full and has a queue. QUOTA_JOINED: the client is taken over. QUOTA_SERVED: one use of
 * its pool is the caller's. Else nothing happened; QUOTA_CROWDED was counted. */
enum quota_join queue_enter(struct proxy *proxy, struct vserver *reached, struct vserver *at,
			    const struct arrival *arrival) MUST_USE;
/* The bell rang: those who were served go on. */
void queue_look(struct proxy *proxy);
/* The engine stops: all are closed. */
void queue_close_all(struct proxy *proxy);
