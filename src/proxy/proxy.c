/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include "os/socket.h"
#include "proxy/http_session.h"
#include "proxy/introduction.h"
#include "proxy/tcp_session.h"

#include <stdlib.h>

enum {
	PARKED_MAX =
		256,   /* clients whose admission is undecided at once; more are not waited for */
	PARKED_MS = 4, /* after which undecided means full */
	PARKED_LOOK_MS = 1, /* between two looks when no client of ours leaves */
	CROWD = 16 /* sessions from which on they may be made to wait for one another: nap.h */
};

/* An accepted client whose admission is not decided. Owner: the engine. */
struct parked {
	struct list link;
	struct vserver *reached; /* held */
	uint64_t since_ms;
	struct arrival arrival;
};

static struct loop *loop_of(struct proxy *proxy)
{
	return &proxy->engine->loop;
}

static void tell(struct proxy *proxy, enum message_kind kind, uint32_t id, uint64_t number)
{
	engine_tell(proxy->engine, (struct message){ .kind = kind, .id = id, .number = number });
}

struct vserver *proxy_vserver(struct proxy *proxy, uint32_t id)
{
	return id < proxy->vserver_room ? proxy->vservers[id] : NULL;
}

/* --- clients --- */

static void start(struct proxy *proxy, struct vserver *serving, const struct arrival *arrival)
{
	switch (serving->protocol) {
	case PROTOCOL_HTTP:
		http_session_start(proxy, serving, arrival);
		return;
	case PROTOCOL_TCP:
		tcp_session_start(proxy, serving, arrival);
		return;
	}
	must_not_reach();
}

static void refuse(struct proxy *proxy, struct vserver *refusing, bool redirects,
		   const struct arrival *arrival)
{
	switch (refusing->protocol) {
	case PROTOCOL_HTTP:
		http_session_refuse(proxy, refusing, redirects, arrival);
		return;
	case PROTOCOL_TCP:
		arrival_close(arrival, true);
		return;
	}
	must_not_reach();
}

/* Looked at again soon. False when there is no place for it. */
static bool park(struct proxy *proxy, struct vserver *reached, const struct arrival *arrival)
{
	struct parked *parked = slab_take(&proxy->parked_slab);

	if (parked == NULL)
		return false;
	*parked = (struct parked){ .reached = reached,
				   .since_ms = loop_of(proxy)->now_ms,
				   .arrival = *arrival };
	list_init(&parked->link);
	list_add_last(&proxy->parked, &parked->link);
	vserver_hold(reached);
	reached->parked++;
	if (!timer_is_armed(&proxy->parked_timer))
		timer_arm(&loop_of(proxy)->timers, &proxy->parked_timer,
			  loop_of(proxy)->now_ms + PARKED_LOOK_MS);
	return true;
}

static void unpark(struct proxy *proxy, struct parked *parked)
{
	list_remove(&parked->link);
	parked->reached->parked--;
	vserver_drop(parked->reached);
	slab_give(&proxy->parked_slab, parked);
	proxy_session_left(proxy);
}

/* False: it is not answered. */
static bool answer(struct proxy *proxy, enum admit admit, struct vserver *serving,
		   const struct arrival *arrival)
{
	switch (admit) {
	case ADMIT_OK:
		start(proxy, serving, arrival);
		return true;
	case ADMIT_REFUSE:
		refuse(proxy, serving, false, arrival);
		return true;
	case ADMIT_REDIRECT:
		refuse(proxy, serving, true, arrival);
		return true;
	case ADMIT_QUEUE:
	case ADMIT_AGAIN:
		return false;
	}
	must_not_reach();
}

void proxy_decide_now(struct proxy *proxy, struct vserver *reached, struct holding *granted,
		      const struct arrival *arrival)
{
	struct admission in = { .reached = reached,
				.peer = &arrival->peer,
				.trail = introduction_trail(arrival->introduction),
				.waited_ms = ADMISSION_NO_WAIT,
				.granted = granted };
	enum admit admit = admission_decide(&in);

	must_be_on(proxy->engine);
	/* It is not needed: who waits next may have it. */
	if (in.granted != NULL)
		quota_give(proxy->quota, granted->pool);
	if (!answer(proxy, admit, in.serving, arrival))
		must_not_reach();
}

/* False: undecided. */
static bool stand_in_line(struct proxy *proxy, const struct admission *in,
			  const struct arrival *arrival)
{
	struct vserver *reached = in->reached;

	switch (queue_enter(reached, in->serving, in->full, arrival)) {
	case QUOTA_JOINED:
		return true;
	case QUOTA_SERVED:
		proxy_decide_now(proxy, reached, in->full, arrival);
		return true;
	case QUOTA_CROWDED:
		proxy_decide_now(proxy, reached, NULL, arrival);
		return true;
	case QUOTA_UNDECIDED:
		return false;
	}
	must_not_reach();
}

/* False: undecided. */
static bool decide(struct proxy *proxy, struct vserver *reached, uint64_t waited_ms,
		   const struct arrival *arrival)
{
	struct admission in = { .reached = reached,
				.peer = &arrival->peer,
				.trail = introduction_trail(arrival->introduction),
				.waited_ms = waited_ms,
				.may_queue = true };
	enum admit admit = admission_decide(&in);

	if (admit == ADMIT_QUEUE)
		return stand_in_line(proxy, &in, arrival);
	return answer(proxy, admit, in.serving, arrival);
}

static void arrive(struct proxy *proxy, struct vserver *reached, const struct arrival *arrival)
{
	/* Nobody passes by those who wait already. */
	if (reached->parked == 0 && decide(proxy, reached, 0, arrival))
		return;
	if (!park(proxy, reached, arrival))
		proxy_decide_now(proxy, reached, NULL, arrival);
}

void proxy_accept(struct proxy *proxy, struct vserver *reached, int fd, const struct address *peer)
{
	must_be_on(proxy->engine);
	stat_add(&proxy->stats->accepted, 1);
	if (introduction_is_due(reached, peer))
		introduction_start(proxy, reached, fd, peer);
	else
		arrive(proxy, reached,
		       &(struct arrival){ .fd = fd, .reached = reached, .peer = *peer });
}

void proxy_introduced(struct proxy *proxy, struct vserver *reached, int fd,
		      struct introduction *introduction)
{
	must_be_on(proxy->engine);
	arrive(proxy, reached,
	       &(struct arrival){ .fd = fd,
				  .reached = reached,
				  .peer = introduction->client,
				  .introduction = introduction });
}

static void look_at_parked(struct task *task)
{
	struct proxy *proxy = list_entry(task, struct proxy, parked_task);
	uint64_t now_ms = loop_of(proxy)->now_ms;

	proxy->parked_before = 0;
	list_each(link, after, &proxy->parked)
	{
		struct parked *parked = list_entry(link, struct parked, link);

		if (decide(proxy, parked->reached, now_ms - parked->since_ms, &parked->arrival))
			unpark(proxy, parked);
		else
			proxy->parked_before++;
	}
	if (!list_is_empty(&proxy->parked) && !timer_is_armed(&proxy->parked_timer))
		timer_arm(&loop_of(proxy)->timers, &proxy->parked_timer, now_ms + PARKED_LOOK_MS);
}

/* By the task, and so behind the sessions whose ends this turn brought. */
static void on_parked_timer(struct timer *timer)
{
	struct proxy *proxy = list_entry(timer, struct proxy, parked_timer);

	loop_ready(loop_of(proxy), &proxy->parked_task);
}

void proxy_client_left(struct proxy *proxy)
{
	if (!list_is_empty(&proxy->parked))
		loop_ready(loop_of(proxy), &proxy->parked_task);
}

void proxy_session_left(struct proxy *proxy)
{
	if (!proxy->is_draining || proxy->has_drained || proxy->sessions > 0 ||
	    !list_is_empty(&proxy->parked) || !list_is_empty(&proxy->queued))
		return;
	proxy->has_drained = true;
	tell(proxy, MESSAGE_DRAINED, proxy->engine->index, 0);
}

/* --- what control says --- */

/* Once for all services that go down in a turn. */
static void look_at_lines(struct task *task)
{
	vserver_close_lines(list_entry(task, struct proxy, lines_task));
}

static void settle_lines(struct proxy *proxy)
{
	if (!list_is_empty(&proxy->queued))
		loop_ready(loop_of(proxy), &proxy->lines_task);
}

static void take_up(struct proxy *proxy, const struct snapshot *snapshot)
{
	proxy->header_bytes_max = snapshot->header_bytes_max;
	proxy->request_timeout_ms = snapshot->request_timeout_ms;
	proxy->appliance = snapshot->appliance;
	vserver_dissolve_lines(proxy, snapshot);
	service_room_take_up(&proxy->services, snapshot);
	vserver_take_up(proxy, snapshot);
	proxy->request_rate = snapshot->request_rate;
	pace_set(&proxy->pace, snapshot->bandwidth);
	holding_move(&proxy->clients, proxy->quota, snapshot->client_pool);
	holding_move(&proxy->requests, proxy->quota, snapshot->request_pool);
	quota_turn_end(proxy->quota); /* a pool that was left has its uses before that is said */
	proxy->snapshot_number = snapshot->number;
	settle_lines(proxy);
	tell(proxy, MESSAGE_TAKEN, proxy->engine->index, snapshot->number);
}

static void close_listeners(struct proxy *proxy)
{
	for (uint32_t id = 0; id < proxy->vserver_room; id++)
		if (proxy->vservers[id] != NULL)
			vserver_close(proxy->vservers[id]);
}

static void drain(struct proxy *proxy)
{
	proxy->is_draining = true;
	close_listeners(proxy);
	introduction_close_all(proxy);
	list_each(link, after, &proxy->all_sessions)
	{
		struct session *session = session_of_link(link);

		if (session->kind->drain != NULL)
			session->kind->drain(session, SESSION_DRAIN);
	}
	proxy_session_left(proxy);
}

static void give_idle(struct proxy *proxy, struct service *service)
{
	bool has_given = service_give_idle(service);

	quota_turn_end(proxy->quota); /* the use is in the shared pool before the answer is */
	tell(proxy, MESSAGE_IDLE_GIVEN, service->id, has_given ? 1 : 0);
}

/* Messages about one service; it may have gone meanwhile. */
static void tell_service(struct proxy *proxy, const struct message *message)
{
	struct service *service = service_of(&proxy->services, message->id);

	if (service == NULL) {
		if (message->kind == MESSAGE_GIVE_IDLE)
			tell(proxy, MESSAGE_IDLE_GIVEN, message->id, 0);
		return;
	}
	if (message->kind == MESSAGE_SERVICE_STATE) {
		service_set_state(service, message->number != 0);
		settle_lines(proxy);
	} else if (message->kind == MESSAGE_GIVE_IDLE) {
		give_idle(proxy, service);
	} else if (message->kind == MESSAGE_USE_FREED) {
		line_use_freed(service);
	} else {
		service_cut(service);
	}
}

static void flush(struct session *session)
{
	if (session->kind->drain != NULL)
		session->kind->drain(session, SESSION_FLUSH);
	else
		session->kind->cut(session);
}

static void cut_clients(struct proxy *proxy, uint32_t id)
{
	list_each(link, after, &proxy->all_sessions)
	{
		struct session *session = session_of_link(link);

		if (session->serving->id == id)
			flush(session);
	}
}

static void receive(struct engine *engine, const struct message *message)
{
	struct proxy *proxy = engine->plane;

	must_be_on(engine);
	stat_add(&proxy->stats->messages, 1);
	if (proxy->is_stopping)
		return;
	switch (message->kind) {
	case MESSAGE_SNAPSHOT:
		take_up(proxy, message->pointer);
		return;
	case MESSAGE_SERVICE_STATE:
	case MESSAGE_GIVE_IDLE:
	case MESSAGE_USE_FREED:
	case MESSAGE_CUT_SERVICE:
		tell_service(proxy, message);
		return;
	case MESSAGE_CUT_VSERVER:
		cut_clients(proxy, message->id);
		return;
	case MESSAGE_DRAIN:
		drain(proxy);
		return;
	case MESSAGE_WAKE: /* its turn ends as any other */
	case MESSAGE_STOP: /* the engine leaves its loop; then end() */
		return;
	case MESSAGE_TAKEN:
	case MESSAGE_VSERVER_GONE:
	case MESSAGE_SERVICE_GONE:
	case MESSAGE_WANT_IDLE:
	case MESSAGE_IDLE_GIVEN:
	case MESSAGE_SPILL:
	case MESSAGE_ACCEPT_PAUSED:
	case MESSAGE_DRAINED:
	case MESSAGE_STOPPED:
		break; /* only ever sent by engines */
	}
	must_not_reach();
}

/* --- life --- */

static void set_gauge(struct stat_number *number, uint64_t value)
{
	stat_add(number, value - stat_read(number));
}

static void end_turn(struct loop_hook *hook)
{
	struct proxy *proxy = list_entry(hook, struct proxy, turn_hook);
	const struct buffer_pool *buffers = &proxy->engine->buffers;
	uint64_t buffers_out = 0;

	loop_of(proxy)->nap.is_allowed = proxy->sessions >= CROWD;
	quota_turn_end(proxy->quota);
	for (int index = 0; index < BUFFER_CLASSES; index++)
		buffers_out += buffers->slabs[index].used;
	set_gauge(&proxy->stats->buffers, buffers_out);
	set_gauge(&proxy->stats->turns, loop_of(proxy)->turns);
	set_gauge(&proxy->stats->events, loop_of(proxy)->events);
}

static void begin(struct engine *engine)
{
	struct proxy *proxy = engine->plane;

	must_be_on(engine);
	loop_add_hook(&engine->loop, &proxy->turn_hook);
}

static void close_parked(struct proxy *proxy)
{
	list_each(link, after, &proxy->parked)
	{
		struct parked *parked = list_entry(link, struct parked, link);

		arrival_close(&parked->arrival, true);
		unpark(proxy, parked);
	}
	timer_cancel(&loop_of(proxy)->timers, &proxy->parked_timer);
	loop_unready(&proxy->parked_task);
	loop_unready(&proxy->lines_task);
}

static void rung(struct engine *engine)
{
	struct proxy *proxy = engine->plane;

	if (!proxy->is_stopping)
		queue_look(proxy);
}

/* Everything that is open is closed as by a reset, so that every count returns to zero. */
static void end(struct engine *engine)
{
	struct proxy *proxy = engine->plane;

	must_be_on(engine);
	proxy->is_stopping = true;
	close_listeners(proxy);
	introduction_close_all(proxy);
	close_parked(proxy);
	while (!list_is_empty(&proxy->all_sessions)) {
		struct session *session = session_of_link(proxy->all_sessions.next);

		session->kind->cut(session);
	}
	queue_close_all(proxy);
	service_room_close(&proxy->services);
	pace_fini(&proxy->pace);
	loop_turn(&engine->loop); /* frees what was closed and settles the quota */
	must(proxy->sessions == 0);
	must(proxy->clients.count == 0 && proxy->requests.count == 0);
}

struct proxy *proxy_new(struct engine *engine, struct quota_map *map, struct stat_engine *stats,
			struct proxy_limits limits)
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));

	if (proxy == NULL)
		return NULL;
	proxy->engine = engine;
	proxy->stats = stats;
	proxy->map = map;
	proxy->quota = quota_core_new(map, engine->index);
	if (proxy->quota == NULL || service_room_init(&proxy->services, engine, proxy->quota, stats,
						      limits.servers_max) != 0) {
		free(proxy);
		return NULL;
	}
	slab_init(&proxy->tcp_sessions, tcp_session_size(), limits.sessions_max);
	slab_init(&proxy->http_sessions, http_session_size(), limits.sessions_max);
	slab_init(&proxy->parked_slab, sizeof(struct parked), PARKED_MAX);
	slab_init(&proxy->introduction_slab, sizeof(struct introduction), limits.sessions_max);
	list_init(&proxy->introductions);
	proxy->seed = 0x9E3779B97F4A7C15u * (engine->index + 1);
	holding_init(&proxy->clients);
	holding_init(&proxy->requests);
	pace_init(&proxy->pace, engine);
	list_init(&proxy->all_sessions);
	list_init(&proxy->parked);
	slab_init(&proxy->queued_slab, sizeof(struct queued), limits.sessions_max);
	slab_init(&proxy->queued_request_slab, sizeof(struct queued_request), limits.sessions_max);
	list_init(&proxy->queued);
	timer_init(&proxy->parked_timer, on_parked_timer);
	loop_task_init(&proxy->parked_task, look_at_parked);
	loop_task_init(&proxy->lines_task, look_at_lines);
	proxy->turn_hook.turn_end = end_turn;
	list_init(&proxy->turn_hook.link);
	engine->plane = proxy;
	engine->receive = receive;
	engine->begin = begin;
	engine->end = end;
	engine->rung = rung;
	return proxy;
}

void proxy_set_persist(struct proxy *proxy, struct persist *table)
{
	proxy->persist = table;
}

static void free_vservers(struct proxy *proxy)
{
	for (uint32_t id = 0; id < proxy->vserver_room; id++)
		if (proxy->vservers[id] != NULL)
			vserver_free(proxy->vservers[id]);
	free(proxy->vservers);
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	free_vservers(proxy);
	service_room_fini(&proxy->services);
	slab_fini(&proxy->tcp_sessions);
	slab_fini(&proxy->http_sessions);
	slab_fini(&proxy->parked_slab);
	slab_fini(&proxy->queued_slab);
	slab_fini(&proxy->queued_request_slab);
	slab_fini(&proxy->introduction_slab);
	quota_core_free(proxy->quota);
	free(proxy->candidates);
	free(proxy);
}
