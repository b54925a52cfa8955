/* SPDX-License-Identifier: Apache-2.0
 * crowd.h - the sessions of one virtual server that wait on one engine, and may have any of its
 * services.
 *
 * A session waits in the line of one full service (service/line.h), where only the first is woken.
 * It may stand there behind others that may have only that one, while another service it could have
 * gets room that nobody in its line wants. So the oldest of the crowd looks at all of them again
 * every few milliseconds; when it has found one, the next does. Sessions that persistence sends to
 * one service are not in it.
 */
#pragma once

#include "base/list.h"
#include "engine/loop.h"
#include "engine/timer.h"
#include "service/line.h"

/* Owner: the engine. Lies in a virtual server's slot, which outlives its sessions. */
struct crowd {
	struct list waiters; /* oldest first */
	struct timer timer;  /* the oldest's next look */
	struct loop *loop;   /* borrowed */
};

void crowd_init(struct crowd *crowd, struct loop *loop);
/* A waiter that stands in a line; stays where it is when it is in the crowd already. */
void crowd_join(struct crowd *crowd, struct line_waiter *waiter);
/* Also when it is not in it. The next looks at once. */
void crowd_leave(struct crowd *crowd, struct line_waiter *waiter);
