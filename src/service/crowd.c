/* SPDX-License-Identifier: Apache-2.0 */
#include "service/crowd.h"

enum { LOOK_MS = 2 };

static void wake_oldest(struct crowd *crowd)
{
	if (!list_is_empty(&crowd->waiters))
		loop_ready(crowd->loop,
			   list_entry(crowd->waiters.next, struct line_waiter, crowd_link)->task);
}

static void look_again(struct timer *timer)
{
	struct crowd *crowd = list_entry(timer, struct crowd, timer);

	wake_oldest(crowd);
	timer_arm(&crowd->loop->timers, timer, crowd->loop->now_ms + LOOK_MS);
}

void crowd_init(struct crowd *crowd, struct loop *loop)
{
	list_init(&crowd->waiters);
	timer_init(&crowd->timer, look_again);
	crowd->loop = loop;
}

void crowd_join(struct crowd *crowd, struct line_waiter *waiter)
{
	if (list_is_in(&waiter->crowd_link))
		return;
	list_add_last(&crowd->waiters, &waiter->crowd_link);
	if (!timer_is_armed(&crowd->timer))
		timer_arm(&crowd->loop->timers, &crowd->timer, crowd->loop->now_ms + LOOK_MS);
}

void crowd_leave(struct crowd *crowd, struct line_waiter *waiter)
{
	bool was_oldest = crowd->waiters.next == &waiter->crowd_link;

	if (!list_is_in(&waiter->crowd_link))
		return;
	list_remove(&waiter->crowd_link);
	if (was_oldest)
		wake_oldest(crowd);
	if (list_is_empty(&crowd->waiters))
		timer_cancel(&crowd->loop->timers, &crowd->timer);
}
