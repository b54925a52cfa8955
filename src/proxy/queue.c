/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/queue.h"

#include "os/socket.h"
#include "proxy/proxy.h"

static struct loop *loop_of(const struct queued *queued)
{
	return &queued->proxy->engine->loop;
}

static void free_queued(struct loop_free *later)
{
	struct queued *queued = list_entry(later, struct queued, free_later);

	slab_give(&queued->proxy->queued_slab, queued);
}

/* --- out of line --- */

static void count_wait(const struct queued *queued)
{
	static const uint64_t bounds_ms[STAT_WAITS - 1] = { 1, 10, 100, 1000 };
	uint64_t waited_ms = loop_of(queued)->now_ms - queued->since_ms;
	struct stat_vserver *stats = queued->at->stats;
	unsigned at = 0;

	while (at < STAT_WAITS - 1 && waited_ms > bounds_ms[at])
		at++;
	stat_add(&stats->queue_waits[at], 1);
	stat_add(&stats->queue_wait_ms, waited_ms);
}

/* The socket is free for who takes over. */
static void unwatch(struct queued *queued)
{
	if (queued->watch.fd >= 0)
		loop_unwatch(loop_of(queued), &queued->watch);
	timer_cancel(&loop_of(queued)->timers, &queued->timeout);
}

/* Out of line, by whatever way. */
static void end(struct queued *queued)
{
	struct proxy *proxy = queued->proxy;

	unwatch(queued);
	list_remove(&queued->link);
	stat_subtract(&queued->at->stats->queued, 1);
	vserver_drop(queued->at);
	vserver_drop(queued->reached);
	loop_free_later(loop_of(queued), &queued->free_later);
	proxy_session_left(proxy);
}

static void go_away(struct queued *queued)
{
	unwatch(queued);
	stat_add(&queued->at->stats->queue_left, 1);
	arrival_close(&queued->arrival, false);
	queued->arrival = (struct arrival){ .fd = -1 };
	if (quota_queue_leave(queued->proxy->quota, &queued->waiter))
		end(queued);
}

static bool is_gone(const struct queued *queued, unsigned events)
{
	if (events & LOOP_BROKEN)
		return true;
	if (!(events & LOOP_ENDED))
		return false;
	return queued->reached->protocol == PROTOCOL_HTTP || !socket_has_bytes(queued->arrival.fd);
}

static void on_event(struct watch *watch, unsigned events)
{
	struct queued *queued = list_entry(watch, struct queued, watch);

	if (is_gone(queued, events))
		go_away(queued);
}

/* Its use may be on the way: then it is not late. */
static void on_timeout(struct timer *timer)
{
	struct queued *queued = list_entry(timer, struct queued, timeout);
	struct proxy *proxy = queued->proxy;
	struct vserver *reached = queued->reached;
	struct arrival arrival = queued->arrival;

	if (!quota_queue_leave(proxy->quota, &queued->waiter))
		return;
	stat_add(&queued->at->stats->queue_timed_out, 1);
	vserver_hold(reached);
	end(queued);
	proxy_decide_now(proxy, reached, NULL, &arrival);
	vserver_drop(reached);
}

static void serve(struct queued *queued)
{
	struct proxy *proxy = queued->proxy;
	struct vserver *reached = queued->reached, *at = queued->at;
	struct arrival arrival = queued->arrival;

	vserver_hold(reached);
	vserver_hold(at);
	if (arrival.fd >= 0) {
		stat_add(&at->stats->queue_served, 1);
		count_wait(queued);
	}
	end(queued);
	if (arrival.fd >= 0)
		proxy_decide_now(proxy, reached, at, &arrival);
	else
		quota_give(proxy->quota, queued->waiter.pool);
	vserver_drop(at);
	vserver_drop(reached);
}

static void on_served(struct quota_waiter *waiter)
{
	serve(list_entry(waiter, struct queued, waiter));
}

void queue_look(struct proxy *proxy)
{
	struct quota_waiter *waiter;

	must_be_on(proxy->engine);
	while ((waiter = quota_queue_next(proxy->quota)) != NULL)
		waiter->served(waiter);
}

/* --- into it --- */

static struct queued *make(struct proxy *proxy, struct vserver *reached, struct vserver *at,
			   const struct arrival *arrival)
{
	struct queued *queued = slab_take(&proxy->queued_slab);

	if (queued == NULL)
		return NULL;
	*queued = (struct queued){
		.waiter.served = on_served,
		.proxy = proxy,
		.reached = reached,
		.at = at,
		.arrival = *arrival,
		.watch = { .fd = arrival->fd, .ready = on_event },
		.since_ms = proxy->engine->loop.now_ms,
		.free_later.free = free_queued,
	};
	list_init(&queued->waiter.link);
	list_init(&queued->link);
	list_init(&queued->free_later.link);
	timer_init(&queued->timeout, on_timeout);
	return queued;
}

/* Without memory to watch it, it waits all the same. */
static void settle(struct queued *queued)
{
	struct proxy *proxy = queued->proxy;

	if (loop_watch(loop_of(queued), &queued->watch) != 0)
		queued->watch.fd = -1;
	timer_arm(&loop_of(queued)->timers, &queued->timeout,
		  queued->since_ms + queued->at->queue_timeout_ms);
	list_add_last(&proxy->queued, &queued->link);
	vserver_hold(queued->reached);
	vserver_hold(queued->at);
	stat_add(&queued->at->stats->queued, 1);
	stat_add(&queued->at->stats->queued_total, 1);
}

enum quota_join queue_enter(struct proxy *proxy, struct vserver *reached, struct vserver *at,
			    const struct arrival *arrival)
{
	struct queued *queued = make(proxy, reached, at, arrival);
	enum quota_join join = QUOTA_CROWDED;

	must_be_on(proxy->engine);
	if (queued != NULL)
		join = quota_queue_join(proxy->quota, at->clients.pool, &queued->waiter);
	if (join == QUOTA_CROWDED)
		stat_add(&at->stats->queue_crowded, 1);
	if (join == QUOTA_JOINED)
		settle(queued);
	else if (queued != NULL)
		slab_give(&proxy->queued_slab, queued);
	return join;
}

static void close_one(struct queued *queued)
{
	unwatch(queued);
	if (queued->arrival.fd >= 0)
		arrival_close(&queued->arrival, true);
	queued->arrival = (struct arrival){ .fd = -1 };
	if (quota_queue_leave(queued->proxy->quota, &queued->waiter))
		end(queued);
}

void queue_close_all(struct proxy *proxy)
{
	must_be_on(proxy->engine);
	list_each(link, after, &proxy->queued) close_one(list_entry(link, struct queued, link));
	/* The rest was served: by a thread that is about to say so. */
	while (!list_is_empty(&proxy->queued))
		queue_look(proxy);
}
