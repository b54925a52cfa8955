/* SPDX-License-Identifier: Apache-2.0
 * line.h - the sessions of one engine that wait for a use of a full service.
 *
 * A session that found the service full stands in the line of its engine, and where it spans the
 * engines (-sp ON) in one over all engines besides (admit/quota_queue.h), first in, first out. Only
 * the first of the line may try. Here is what sessions do with the line; what the service itself
 * does with it is in service_priv.h.
 */
#pragma once

#include "admit/quota_queue.h"
#include "engine/loop.h"
#include "engine/timer.h"

#include <stdbool.h>
#include <stdint.h>

struct line_waiter;
struct service;

/* A place in the line over all engines. From the engine's slab: when the session goes while its use
 * is on the way, the place stays behind and gives the use back. */
struct line_ticket {
	struct quota_waiter waiter;
	struct service *service;    /* counts it: the slot outlives it */
	struct line_waiter *holder; /* NULL: it has gone */
};

/* A session that waits for a use of a full service. Lies in the session and in every idle one: it
 * is kept small. line_waiter_init() first. */
struct line_waiter {
	struct list link;
	struct list crowd_link; /* in a crowd (service/crowd.h), which wakes it, too */
	struct task *task;      /* woken when it is worth to try again */
	/* In the line over all engines; NULL: not. line_has_use(): it was served. */
	struct line_ticket *ticket;
};

/* Of a service on one engine; lies in it. Owner: the engine. */
struct line {
	struct list waiters; /* oldest first */
	uint32_t count;      /* of them */
	bool spans_engines;  /* who waits since it did keeps its ticket */
	uint32_t placed;     /* the oldest waiters: they have a ticket or its use */
	uint32_t tickets;    /* also those of sessions that have gone */
	bool has_asked;      /* control was told that somebody waits; not answered yet */
	uint64_t asked_ms;
	struct timer timer; /* a second look while somebody waits */
};

static inline void line_waiter_init(struct line_waiter *waiter)
{
	*waiter = (struct line_waiter){ 0 };
	list_init(&waiter->link);
	list_init(&waiter->crowd_link);
}
/* Its ticket was served: it connects with this use. */
bool line_has_use(const struct line_waiter *waiter);

/* After SERVICE_FULL: stands in line, and stays where it stands when it is in line already. The
 * task is woken when it is first and something may have become free, and when the service goes
 * down: then choose again, from the start. */
void line_wait(struct service *service, struct line_waiter *waiter, struct task *task);
/* Whether a waiter that found no connection in any service may stay where it stands, `full` being
 * where it would wait else: not with a use that it could have taken, and did not. Nor does who is
 * bound to `full` stay elsewhere. */
bool line_is_good_to_wait(const struct service *service, const struct line_waiter *waiter,
			  const struct service *full, bool is_bound);
/* Also when it does not wait. Its place and its use go to the next. */
void line_unwait(struct service *service, struct line_waiter *waiter);
/* Asks the other engines for an idle connection of it, for a session that waits; not more often
 * than is of use. The use is for whoever takes it first. */
void line_call_idle(struct service *service);
/* MESSAGE_USE_FREED */
void line_use_freed(struct service *service);
