/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/queue.h"

#include "os/socket.h"
#include "proxy/proxy.h"

/* --- a place --- */

static struct loop *loop_of(const struct queue_place *place)
{
	return &place->proxy->engine->loop;
}

static struct queue_place *place_of(struct list *link)
{
	return list_entry(link, struct queue_place, link);
}

static void init_place(struct queue_place *place, struct vserver *at, struct holding *holding)
{
	*place = (struct queue_place){ .proxy = at->proxy,
				       .at = at,
				       .holding = holding,
				       .since_ms = at->proxy->engine->loop.now_ms };
	list_init(&place->waiter.link);
	list_init(&place->link);
	list_init(&place->free_later.link);
}

static enum quota_join join(struct queue_place *place)
{
	enum quota_join join = quota_queue_join(place->proxy->quota, place->holding->pool,
						&place->waiter);

	if (join != QUOTA_JOINED)
		return join;
	list_add_last(&place->proxy->queued, &place->link);
	vserver_hold(place->at);
	place->at->in_line++;
	stat_add(&place->at->stats->queued, 1);
	stat_add(&place->at->stats->queued_total, 1);
	return join;
}

/* Out of line, by whatever way. */
static void end_place(struct queue_place *place)
{
	struct proxy *proxy = place->proxy;

	list_remove(&place->link);
	place->at->in_line--;
	stat_subtract(&place->at->stats->queued, 1);
	vserver_drop(place->at);
	loop_free_later(loop_of(place), &place->free_later);
	proxy_session_left(proxy);
}

/* False: its use is on the way. */
static bool leave_line(struct queue_place *place)
{
	return quota_queue_leave(place->proxy->quota, &place->waiter);
}

static void give_back(const struct queue_place *place)
{
	quota_give(place->proxy->quota, place->waiter.pool);
}

static void count_served(const struct queue_place *place)
{
	static const uint64_t bounds_ms[STAT_WAITS - 1] = { 1, 10, 100, 1000 };
	uint64_t waited_ms = loop_of(place)->now_ms - place->since_ms;
	struct stat_vserver *stats = place->at->stats;
	unsigned at = 0;

	while (at < STAT_WAITS - 1 && waited_ms > bounds_ms[at])
		at++;
	stat_add(&stats->queue_served, 1);
	stat_add(&stats->queue_waits[at], 1);
	stat_add(&stats->queue_wait_ms, waited_ms);
}

void queue_look(struct proxy *proxy)
{
	struct quota_waiter *waiter;

	must_be_on(proxy->engine);
	while ((waiter = quota_queue_next(proxy->quota)) != NULL)
		waiter->served(waiter);
}

/* --- a client --- */

static void free_client(struct loop_free *later)
{
	struct queued *queued = list_entry(later, struct queued, place.free_later);

	slab_give(&queued->place.proxy->queued_slab, queued);
}

/* The socket is free for who takes over. */
static void unwatch(struct queued *queued)
{
	if (queued->watch.fd >= 0)
		loop_unwatch(loop_of(&queued->place), &queued->watch);
	timer_cancel(&loop_of(&queued->place)->timers, &queued->timeout);
}

static void end_client(struct queued *queued)
{
	unwatch(queued);
	vserver_drop(queued->reached);
	end_place(&queued->place);
}

static void go_away(struct queued *queued)
{
	unwatch(queued);
	stat_add(&queued->place.at->stats->queue_left, 1);
	arrival_close(&queued->arrival, false);
	queued->arrival = (struct arrival){ .fd = -1 };
	if (leave_line(&queued->place))
		end_client(queued);
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

/* It is out of line, and who serves it is decided without it. */
static void decide_client(struct queued *queued)
{
	struct proxy *proxy = queued->place.proxy;
	struct vserver *reached = queued->reached;
	struct arrival arrival = queued->arrival;

	vserver_hold(reached);
	end_client(queued);
	proxy_decide_now(proxy, reached, NULL, &arrival);
	vserver_drop(reached);
}

/* Its use may be on the way: then it is not late. */
static void on_timeout(struct timer *timer)
{
	struct queued *queued = list_entry(timer, struct queued, timeout);

	if (!leave_line(&queued->place))
		return;
	stat_add(&queued->place.at->stats->queue_timed_out, 1);
	decide_client(queued);
}

/* One whose use is on the way, or that has gone, is brought by queue_look(). */
static void send_client_on(struct queued *queued)
{
	if (queued->arrival.fd < 0 || !leave_line(&queued->place))
		return;
	stat_add(&queued->place.at->stats->queue_dissolved, 1);
	decide_client(queued);
}

static void on_client_served(struct quota_waiter *waiter)
{
	struct queued *queued = list_entry(waiter, struct queued, place.waiter);
	struct vserver *reached = queued->reached, *at = queued->place.at;
	struct arrival arrival = queued->arrival;

	if (arrival.fd < 0) {
		give_back(&queued->place);
		end_client(queued);
		return;
	}
	count_served(&queued->place);
	vserver_hold(reached);
	vserver_hold(at);
	end_client(queued);
	proxy_decide_now(reached->proxy, reached, queued->place.holding, &arrival);
	vserver_drop(at);
	vserver_drop(reached);
}

static struct queued *make_client(struct vserver *reached, struct vserver *at,
				  struct holding *holding, const struct arrival *arrival)
{
	struct queued *queued = slab_take(&reached->proxy->queued_slab);

	if (queued == NULL)
		return NULL;
	*queued = (struct queued){ .reached = reached,
				   .arrival = *arrival,
				   .watch = { .fd = arrival->fd, .ready = on_event } };
	init_place(&queued->place, at, holding);
	queued->place.waiter.served = on_client_served;
	queued->place.free_later.free = free_client;
	timer_init(&queued->timeout, on_timeout);
	return queued;
}

/* Without memory to watch it, it waits all the same. */
static void settle(struct queued *queued)
{
	struct loop *loop = loop_of(&queued->place);

	if (loop_watch(loop, &queued->watch) != 0)
		queued->watch.fd = -1;
	timer_arm(&loop->timers, &queued->timeout,
		  queued->place.since_ms + queued->place.at->queue_timeout_ms);
	vserver_hold(queued->reached);
}

enum quota_join queue_enter(struct vserver *reached, struct vserver *at, struct holding *holding,
			    const struct arrival *arrival)
{
	struct queued *queued = make_client(reached, at, holding, arrival);
	enum quota_join result = QUOTA_CROWDED;

	must_be_on(at->proxy->engine);
	if (queued != NULL)
		result = join(&queued->place);
	if (result == QUOTA_CROWDED)
		stat_add(&at->stats->queue_crowded, 1);
	if (result == QUOTA_JOINED)
		settle(queued);
	else if (queued != NULL)
		slab_give(&at->proxy->queued_slab, queued);
	return result;
}

static void close_client(struct queued *queued)
{
	unwatch(queued);
	if (queued->arrival.fd >= 0)
		arrival_close(&queued->arrival, true);
	queued->arrival = (struct arrival){ .fd = -1 };
	if (leave_line(&queued->place))
		end_client(queued);
}

/* --- a request --- */

static void free_request(struct loop_free *later)
{
	struct queued_request *request = list_entry(later, struct queued_request, place.free_later);

	slab_give(&request->place.proxy->queued_request_slab, request);
}

static void tell(struct queued_request *request, enum queue_state state)
{
	request->state = state;
	if (request->task != NULL)
		loop_ready(loop_of(&request->place), request->task);
}

static void on_request_served(struct quota_waiter *waiter)
{
	struct queued_request *request = list_entry(waiter, struct queued_request, place.waiter);

	if (request->task != NULL && request->state == QUEUE_WAITS) {
		tell(request, QUEUE_SERVED);
		return;
	}
	give_back(&request->place);
	if (request->task == NULL)
		end_place(&request->place);
}

enum quota_join queue_enter_request(struct vserver *at, struct holding *holding, struct task *task,
				    struct queued_request **out)
{
	struct queued_request *request = slab_take(&at->proxy->queued_request_slab);
	enum quota_join result = QUOTA_CROWDED;

	must_be_on(at->proxy->engine);
	if (request != NULL) {
		*request = (struct queued_request){ .task = task };
		init_place(&request->place, at, holding);
		request->place.waiter.served = on_request_served;
		request->place.free_later.free = free_request;
		result = join(&request->place);
	}
	if (result == QUOTA_CROWDED)
		stat_add(&at->stats->queue_crowded, 1);
	if (result == QUOTA_JOINED)
		*out = request;
	else if (request != NULL)
		slab_give(&at->proxy->queued_request_slab, request);
	return result;
}

struct holding *queue_take(struct queued_request *request)
{
	struct holding *holding = request->place.holding;

	must(request->state == QUEUE_SERVED);
	count_served(&request->place);
	end_place(&request->place);
	return holding;
}

void queue_dissolved(struct queued_request *request)
{
	must(request->state == QUEUE_OVER);
	stat_add(&request->place.at->stats->queue_dissolved, 1);
	end_place(&request->place);
}

void queue_leave(struct queued_request *request)
{
	bool is_out = true;

	must_be_on(request->place.proxy->engine);
	stat_add(&request->place.at->stats->queue_left, 1);
	request->task = NULL;
	if (request->state == QUEUE_SERVED)
		give_back(&request->place);
	else if (request->state == QUEUE_WAITS)
		is_out = leave_line(&request->place);
	if (is_out)
		end_place(&request->place);
}

bool queue_late(struct queued_request *request)
{
	must_be_on(request->place.proxy->engine);
	if (request->state != QUEUE_WAITS || !leave_line(&request->place))
		return false;
	stat_add(&request->place.at->stats->queue_timed_out, 1);
	end_place(&request->place);
	return true;
}

/* --- the ends of lines --- */

/* False: a use is on the way to it. */
static bool dissolve(struct queued_request *request)
{
	if (request->state == QUEUE_OVER)
		return !list_is_in(&request->place.waiter.link);
	if (request->state == QUEUE_SERVED) {
		give_back(&request->place);
		tell(request, QUEUE_OVER);
		return true;
	}
	if (!leave_line(&request->place)) {
		tell(request, QUEUE_OVER);
		return false;
	}
	tell(request, QUEUE_OVER);
	return true;
}

/* Whether all of it are told and nothing is on the way. */
static bool dissolve_all(struct proxy *proxy, const struct holding *holding)
{
	bool is_done = true;

	list_each(link, after, &proxy->queued)
	{
		struct queue_place *place = place_of(link);

		if (place->holding == holding && place->waiter.served == on_request_served)
			is_done &= dissolve(list_entry(place, struct queued_request, place));
	}
	return is_done;
}

/* What is on the way was served: by a thread that is about to say so. */
void queue_dissolve(struct proxy *proxy, const struct holding *holding)
{
	must_be_on(proxy->engine);
	while (!dissolve_all(proxy, holding))
		queue_look(proxy);
}

/* What is on the way to it is asked about anew when it is there. */
static void send_request_on(struct queued_request *request)
{
	if (request->state == QUEUE_WAITS && leave_line(&request->place))
		tell(request, QUEUE_OVER);
}

void queue_send_on(struct proxy *proxy)
{
	must_be_on(proxy->engine);
	list_each(link, after, &proxy->queued)
	{
		struct queue_place *place = place_of(link);

		if (!place->at->is_line_closed)
			continue;
		if (place->waiter.served == on_client_served)
			send_client_on(list_entry(place, struct queued, place));
		else
			send_request_on(list_entry(place, struct queued_request, place));
	}
}

void queue_close_all(struct proxy *proxy)
{
	must_be_on(proxy->engine);
	list_each(link, after, &proxy->queued)
	{
		struct queue_place *place = place_of(link);

		if (place->waiter.served == on_client_served)
			close_client(list_entry(place, struct queued, place));
	}
	/* The rest was served: by a thread that is about to say so. */
	while (!list_is_empty(&proxy->queued))
		queue_look(proxy);
}
