/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may have a use of a full service: the sessions that wait stand in one line for each engine,
 * oldest first, and only the first may try. It is woken when a use is given back here, when another
 * engine closed an idle connection for us, and by a timer in any case, because a use that another
 * engine gives back is announced to nobody. When it got one it wakes the next, so that several uses
 * that became free serve as many.
 *
 * Where it spans the engines each of them has a ticket in the line over all of them besides, in the
 * same order. Then a use comes with the ticket, and the others only try in vain until theirs is
 * served. Who finds that line crowded, or came before there was one, has no ticket; such are always
 * behind those who have, and get theirs in order. While anybody waits in that line no idle
 * connection is kept or reused, on no engine: its use goes to the oldest.
 */
#include "service/line.h"

#include "service/service_priv.h"

enum {
	WAIT_LOOK_MS = 2,  /* between two looks of the first in line */
	ASK_AGAIN_MS = 100 /* between two calls for an idle connection of another engine */
};

/* What a waiter has instead of a ticket that was served. */
static struct line_ticket a_use;

static struct loop *loop_of(const struct service *service)
{
	return &service->engine->loop;
}

void line_wake_first(struct service *service)
{
	if (list_is_empty(&service->line.waiters))
		return;
	loop_ready(loop_of(service),
		   list_entry(service->line.waiters.next, struct line_waiter, link)->task);
}

void line_wake_all(struct service *service)
{
	list_each(link, after, &service->line.waiters)
		loop_ready(loop_of(service), list_entry(link, struct line_waiter, link)->task);
}

bool line_is_kept_from(const struct service *service, const struct task *task)
{
	return !list_is_empty(&service->line.waiters) &&
	       list_entry(service->line.waiters.next, struct line_waiter, link)->task != task;
}

void line_call_idle(struct service *service)
{
	uint64_t now_ms = loop_of(service)->now_ms;

	must_be_on(service->engine);
	if (service->line.has_asked && now_ms - service->line.asked_ms < ASK_AGAIN_MS)
		return;
	service->line.has_asked = true;
	service->line.asked_ms = now_ms;
	engine_tell(service->engine,
		    (struct message){ .kind = MESSAGE_WANT_IDLE, .id = service->id });
}

/* --- the line over all engines --- */

static bool has_place(const struct line_waiter *waiter)
{
	return waiter->ticket != NULL;
}

bool line_has_use(const struct line_waiter *waiter)
{
	return waiter->ticket == &a_use;
}

static void free_ticket(struct line_ticket *ticket)
{
	ticket->service->line.tickets--;
	ticket->service->room->ticket_count--;
	slab_give(&ticket->service->room->tickets, ticket);
}

static void on_served(struct quota_waiter *waiter)
{
	struct line_ticket *ticket = list_entry(waiter, struct line_ticket, waiter);
	struct service *service = ticket->service;
	struct line_waiter *holder = ticket->holder;

	must_be_on(service->engine);
	free_ticket(ticket);
	if (holder != NULL) {
		holder->ticket = &a_use;
		line_wake_first(service);
		return;
	}
	quota_give(service->room->quota, service->pool);
	service_go_when_unused(service);
}

static struct line_ticket *make_ticket(struct service *service, struct line_waiter *holder)
{
	struct line_ticket *ticket = slab_take(&service->room->tickets);

	if (ticket == NULL)
		return NULL;
	*ticket = (struct line_ticket){ .waiter.served = on_served,
					.service = service,
					.holder = holder };
	list_init(&ticket->waiter.link);
	service->line.tickets++;
	service->room->ticket_count++;
	return ticket;
}

/* False: the line is crowded, or it could not be said in time. */
static bool take_place(struct service *service, struct line_waiter *waiter)
{
	struct line_ticket *ticket = make_ticket(service, waiter);
	enum quota_join join;

	if (ticket == NULL)
		return false;
	join = quota_queue_join(service->room->quota, service->pool, &ticket->waiter);
	if (join == QUOTA_JOINED) {
		waiter->ticket = ticket;
	} else {
		free_ticket(ticket);
		waiter->ticket = join == QUOTA_SERVED ? &a_use : NULL;
	}
	if (!has_place(waiter))
		return false;
	service->line.placed++;
	if (line_has_use(waiter))
		line_wake_first(service);
	return true;
}

void line_take_places(struct service *service)
{
	if (!service->line.spans_engines || service->line.placed == service->line.count)
		return;
	list_each(link, after, &service->line.waiters)
	{
		struct line_waiter *waiter = list_entry(link, struct line_waiter, link);

		if (!has_place(waiter) && !take_place(service, waiter))
			return;
	}
}

static void leave_place(struct service *service, struct line_waiter *waiter)
{
	struct quota_core *quota = service->room->quota;

	if (!has_place(waiter))
		return;
	service->line.placed--;
	if (line_has_use(waiter))
		quota_give(quota, service->pool);
	else if (quota_queue_leave(quota, &waiter->ticket->waiter))
		free_ticket(waiter->ticket);
	else
		waiter->ticket->holder = NULL;
	waiter->ticket = NULL;
}

bool line_is_good_to_wait(const struct service *service, const struct line_waiter *waiter,
			  const struct service *full, bool is_bound)
{
	return service_takes_known(service) &&
	       (service == full || (!line_has_use(waiter) && !is_bound));
}

/* --- the line of this engine --- */

static void look_again(struct timer *timer)
{
	struct service *service = list_entry(timer, struct service, line.timer);

	if (list_is_empty(&service->line.waiters))
		return;
	line_call_idle(service);
	line_take_places(service);
	line_wake_first(service);
	timer_arm(&loop_of(service)->timers, timer, loop_of(service)->now_ms + WAIT_LOOK_MS);
}

void line_wait(struct service *service, struct line_waiter *waiter, struct task *task)
{
	must_be_on(service->engine);
	waiter->task = task;
	if (!list_is_in(&waiter->link)) {
		waiter->ticket = NULL;
		list_add_last(&service->line.waiters, &waiter->link);
		service->line.count++;
		stat_add(&service->stats->waiting, 1);
		if (service->line.spans_engines && service->line.placed + 1 == service->line.count)
			(void)take_place(service, waiter);
	}
	line_call_idle(service);
	if (!timer_is_armed(&service->line.timer))
		timer_arm(&loop_of(service)->timers, &service->line.timer,
			  loop_of(service)->now_ms + WAIT_LOOK_MS);
}

void line_unwait(struct service *service, struct line_waiter *waiter)
{
	bool was_first = service->line.waiters.next == &waiter->link;

	must_be_on(service->engine);
	if (!list_is_in(&waiter->link))
		return;
	list_remove(&waiter->link);
	service->line.count--;
	leave_place(service, waiter);
	stat_subtract(&service->stats->waiting, 1);
	if (was_first)
		line_wake_first(service);
	if (service->line.count == 0) {
		timer_cancel(&loop_of(service)->timers, &service->line.timer);
		service->line.has_asked = false;
	}
	service_go_when_unused(service);
}

void line_leave_first(struct service *service, const struct task *task)
{
	struct line_waiter *first;

	if (list_is_empty(&service->line.waiters))
		return;
	first = list_entry(service->line.waiters.next, struct line_waiter, link);
	must(first->task == task);
	line_unwait(service, first);
}

void line_use_freed(struct service *service)
{
	must_be_on(service->engine);
	service->line.has_asked = false;
	line_wake_first(service);
}

/* --- a use that came with a ticket --- */

bool line_spend_use(struct service *service, const struct task *task)
{
	struct line_waiter *first;

	if (list_is_empty(&service->line.waiters))
		return false;
	first = list_entry(service->line.waiters.next, struct line_waiter, link);
	if (first->task != task || !line_has_use(first))
		return false;
	first->ticket = NULL;
	service->line.placed--;
	return true;
}

void line_return_use(struct service *service)
{
	list_entry(service->line.waiters.next, struct line_waiter, link)->ticket = &a_use;
	service->line.placed++;
}

void line_init(struct line *line)
{
	list_init(&line->waiters);
	timer_init(&line->timer, look_again);
}

/* Sessions are gone: theirs were served by a thread that is about to say so. */
void line_close_all(struct service_room *room)
{
	while (room->ticket_count > 0) {
		struct quota_waiter *waiter = quota_queue_next(room->quota);

		if (waiter != NULL)
			waiter->served(waiter);
	}
}
