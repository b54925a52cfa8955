/* SPDX-License-Identifier: Apache-2.0
 *
 * An idle connection is known to be quiet because its descriptor stays watched: whatever the server
 * sends or closes marks idle_task, which closes it. What the kernel has not told yet when a session
 * takes the connection is found by the session, as a reused connection that breaks.
 */
#include "service/service.h"

#include "admit/quota_queue.h"
#include "os/socket.h"
#include "service/service_priv.h"

#include <stdlib.h>

enum { TAKE_TRIES = 64 }; /* while the last free unit changes hands between other engines */

static struct loop *loop_of(const struct service *service)
{
	return &service->engine->loop;
}

/* --- connections --- */

static void free_conn(struct loop_free *later)
{
	struct server_conn *server = list_entry(later, struct server_conn, free_later);

	slab_give(&server->service->room->conns, server);
}

static void count_open(struct service *service)
{
	service->connections++;
	stat_add(&service->stats->connections, 1);
	stat_add(&service->stats->connections_total, 1);
	stat_add(&service->room->stats->servers, 1);
}

static void count_closed(struct service *service)
{
	service->connections--;
	stat_subtract(&service->stats->connections, 1);
	stat_subtract(&service->room->stats->servers, 1);
}

static void make_idle(struct server_conn *server)
{
	struct service *service = server->service;

	list_remove(&server->link);
	list_add_first(&service->idle, &server->link);
	server->is_idle = true;
	server->idle_since_ms = loop_of(service)->now_ms;
	server->conn.task = &server->idle_task;
	conn_unmeter(&server->conn);
	service->idle_count++;
	stat_add(&service->stats->idle, 1);
	stat_subtract(&service->stats->active, 1);
	if (!timer_is_armed(&service->idle_timer) && service->server_timeout_ms > 0)
		timer_arm(&loop_of(service)->timers, &service->idle_timer,
			  server->idle_since_ms + service->server_timeout_ms);
}

static void leave_keeper(struct server_conn *server)
{
	if (server->keeper != NULL)
		*server->keeper = NULL;
	server->keeper = NULL;
}

static void make_busy(struct server_conn *server, struct task *task)
{
	struct service *service = server->service;

	leave_keeper(server);
	if (server->is_idle) {
		service->idle_count--;
		stat_subtract(&service->stats->idle, 1);
	}
	server->is_idle = false;
	server->conn.task = task;
	list_remove(&server->idle_task.link);
	list_remove(&server->link);
	list_add_first(&service->busy, &server->link);
	stat_add(&service->stats->active, 1);
}

void service_drop(struct server_conn *server, bool resets)
{
	struct service *service = server->service;

	must_be_on(service->engine);
	must(conn_is_open(&server->conn));
	leave_keeper(server);
	if (resets)
		conn_reset(&server->conn);
	else
		conn_close(&server->conn);
	if (server->is_idle) {
		service->idle_count--;
		stat_subtract(&service->stats->idle, 1);
	} else {
		stat_subtract(&service->stats->active, 1);
	}
	list_remove(&server->link);
	list_remove(&server->idle_task.link);
	count_closed(service);
	quota_give(service->room->quota, service->pool);
	loop_free_later(loop_of(service), &server->free_later);
	line_wake_first(service);
	service_go_when_unused(service);
}

/* An idle connection said something, or its server closed it: nobody can use it any more. */
static void on_idle_event(struct task *task)
{
	struct server_conn *server = list_entry(task, struct server_conn, idle_task);

	must(server->is_idle);
	if (server->conn.can_read && socket_is_quiet(server->conn.watch.fd))
		return;
	if (server->conn.can_read)
		service_drop(server, false);
}

static void close_idle(struct service *service)
{
	list_each(link, after, &service->idle)
		service_drop(list_entry(link, struct server_conn, link), false);
}

static void on_idle_timer(struct timer *timer)
{
	struct service *service = list_entry(timer, struct service, idle_timer);
	uint64_t now_ms = loop_of(service)->now_ms;

	while (!list_is_empty(&service->idle) && service->server_timeout_ms > 0) {
		struct server_conn *oldest = list_entry(service->idle.previous, struct server_conn,
							link);
		uint64_t until_ms = oldest->idle_since_ms + service->server_timeout_ms;

		if (until_ms > now_ms) {
			timer_arm(&loop_of(service)->timers, timer, until_ms);
			return;
		}
		service_drop(oldest, false);
	}
}

bool service_give_idle(struct service *service)
{
	must_be_on(service->engine);
	if (list_is_empty(&service->idle))
		return false;
	service_drop(list_entry(service->idle.previous, struct server_conn, link), false);
	return true;
}

static bool is_worth_keeping(const struct server_conn *server)
{
	const struct service *service = server->service;

	return service_takes_known(service) &&
	       server->beginning_number == service->beginning_number &&
	       service->idle_count < service->idle_max && !server->conn.has_eof &&
	       server->conn.error == 0 && !server->conn.is_shut &&
	       (service->max_requests == 0 || server->requests < service->max_requests) &&
	       (!server->conn.can_read || socket_is_quiet(server->conn.watch.fd));
}

/* False: it was closed instead. */
static bool put(struct server_conn *server, bool is_for_any)
{
	struct service *service = server->service;

	must_be_on(service->engine);
	must(!server->is_idle && conn_is_open(&server->conn));
	if (!is_worth_keeping(server) || is_for_any == service->sends_proxy_protocol ||
	    quota_queue_has_waiters(service->room->quota, service->pool)) {
		service_drop(server, false);
		return false;
	}
	make_idle(server);
	line_wake_first(service);
	return true;
}

void service_put(struct server_conn *server)
{
	(void)put(server, true);
}

void service_keep(struct server_conn *server, struct server_conn **keeper)
{
	if (!server->service->sends_proxy_protocol) {
		service_put(server);
		return;
	}
	if (*keeper != NULL)
		service_drop(*keeper, false);
	if (!put(server, false))
		return;
	server->keeper = keeper;
	*keeper = server;
}

static bool is_good(const struct server_conn *server)
{
	return !server->conn.has_eof && server->conn.error == 0 &&
	       (!server->conn.can_read || socket_is_quiet(server->conn.watch.fd));
}

static void use_again(struct server_conn *server, struct task *task)
{
	make_busy(server, task);
	server->is_reused = true;
	stat_add(&server->service->stats->reused_total, 1);
}

struct server_conn *service_get_kept(struct server_conn *kept, struct task *task)
{
	must_be_on(kept->service->engine);
	must(kept->is_idle);
	if (line_is_kept_from(kept->service, task))
		return NULL;
	if (!is_good(kept)) {
		service_drop(kept, false);
		return NULL;
	}
	use_again(kept, task);
	return kept;
}

/* The newest idle connection that is still good; NULL: none. */
static struct server_conn *reuse(struct service *service, struct task *task)
{
	while (!list_is_empty(&service->idle)) {
		struct server_conn *server = list_entry(service->idle.next, struct server_conn,
							link);

		if (is_good(server)) {
			use_again(server, task);
			return server;
		}
		service_drop(server, false);
	}
	return NULL;
}

static bool take_use(struct service *service)
{
	for (int tries = 0; tries < TAKE_TRIES; tries++) {
		enum quota_result result = quota_take(service->room->quota, service->pool);

		if (result != QUOTA_AGAIN)
			return result == QUOTA_OK;
	}
	return false;
}

/* A use, if need be that of our own oldest idle connection. */
static bool take_use_or_idle(struct service *service)
{
	while (!take_use(service))
		if (!service_give_idle(service))
			return false;
	return true;
}

/* Descriptors, memory or ports are out. While this engine has connections to servers some of that
 * will come back, and it is worth to wait; else the session had better free what it has. */
static enum service_result say_short(const struct service *service)
{
	struct stat_engine *stats = service->room->stats;

	stat_add(&stats->refused_memory, 1);
	return stat_read(&stats->servers) > 0 ? SERVICE_FULL : SERVICE_FAILED;
}

/* A use is held; it goes with the connection, when there is one. */
static enum service_result connect_new(struct service *service, struct task *task,
				       struct server_conn **out)
{
	struct server_conn *server = slab_take(&service->room->conns);
	int err;

	if (server == NULL)
		return say_short(service);
	*server = (struct server_conn){ .service = service,
					.idle_task.run = on_idle_event,
					.beginning_number = service->beginning_number,
					.free_later.free = free_conn };
	list_init(&server->link);
	list_init(&server->idle_task.link);
	list_init(&server->free_later.link);
	err = conn_connect(&server->conn, service->engine, &service->address, NULL, task);
	if (err != 0) {
		slab_give(&service->room->conns, server);
		if (socket_is_shortage(err))
			return say_short(service);
		stat_add(&service->stats->connect_failures, 1);
		return SERVICE_FAILED;
	}
	make_busy(server, task);
	count_open(service);
	*out = server;
	return SERVICE_CONNECTING;
}

static bool may_take_idle(const struct service *service)
{
	return !service->sends_proxy_protocol &&
	       !quota_queue_has_waiters(service->room->quota, service->pool);
}

enum service_result service_get(struct service *service, struct task *task, bool may_reuse,
				struct server_conn **out)
{
	enum service_result result;
	bool has_use;

	must_be_on(service->engine);
	*out = NULL;
	if (line_is_kept_from(service, task))
		return SERVICE_FULL;
	has_use = line_spend_use(service, task);
	if (!has_use && may_reuse && may_take_idle(service))
		*out = reuse(service, task);
	if (*out != NULL) {
		line_leave_first(service, task);
		return SERVICE_READY;
	}
	if (!has_use && !take_use_or_idle(service))
		return SERVICE_FULL;
	result = connect_new(service, task, out);
	if (result == SERVICE_CONNECTING)
		line_leave_first(service, task);
	else if (has_use)
		line_return_use(service);
	else
		quota_give(service->room->quota, service->pool);
	return result;
}

void service_cut(struct service *service)
{
	must_be_on(service->engine);
	close_idle(service);
	list_each(link, after, &service->busy)
		socket_abort(list_entry(link, struct server_conn, link)->conn.watch.fd);
}

/* --- life of a slot --- */

static void free_service(struct loop_free *later)
{
	free(list_entry(later, struct service, free_later));
}

void service_go_when_unused(struct service *service)
{
	struct service_room *room = service->room;

	if (service->is_configured || service->connections > 0 || service->line.count > 0 ||
	    service->line.tickets > 0 || room->slots[service->id] != service)
		return;
	timer_cancel(&loop_of(service)->timers, &service->idle_timer);
	pace_fini(&service->pace);
	room->slots[service->id] = NULL;
	loop_free_later(loop_of(service), &service->free_later);
	engine_tell(service->engine,
		    (struct message){ .kind = MESSAGE_SERVICE_GONE, .id = service->id });
}

/* Idle connections of one that takes no more sessions are of no use; who waits chooses again. */
static void settle_state(struct service *service)
{
	if (service_is_usable(service))
		return;
	if (!service_takes_known(service))
		close_idle(service);
	line_wake_all(service);
}

void service_set_state(struct service *service, bool is_up)
{
	must_be_on(service->engine);
	service->is_up = is_up;
	settle_state(service);
}

static struct service *make_service(struct service_room *room, uint32_t id)
{
	struct service *service = calloc(1, sizeof(*service));

	must(service != NULL);
	service->engine = room->engine;
	service->room = room;
	service->id = id;
	service->free_later.free = free_service;
	list_init(&service->free_later.link);
	list_init(&service->idle);
	list_init(&service->busy);
	line_init(&service->line);
	timer_init(&service->idle_timer, on_idle_timer);
	pace_init(&service->pace, room->engine);
	return service;
}

static void copy_field(char *field, size_t room, struct str text)
{
	size_t length = text.length < room ? text.length : 0;

	if (length > 0)
		memcpy(field, text.at, length);
	field[length] = '\0';
}

/* Those that were opened before are not kept: they lead elsewhere, or say who one client is. */
static void set_beginning(struct service *service, const struct model_service *model)
{
	if (address_equal(&service->address, &model->address) &&
	    service->sends_proxy_protocol == model->sends_proxy_protocol)
		return;
	service->address = model->address;
	service->sends_proxy_protocol = model->sends_proxy_protocol;
	service->beginning_number++;
	close_idle(service);
}

static void configure(struct service *service, const struct model_service *model, uint32_t idle_max)
{
	must(service->connections == 0 || service->pool == model->pool);
	service->is_configured = true;
	service->is_enabled = model->is_enabled;
	service->is_leaving = model->is_leaving;
	service->is_up = model->is_up;
	service->protocol = model->protocol;
	service->tag = model->tag;
	service->custom_tag = model->custom_tag;
	service->hash_id = model->hash_id;
	service->pool = model->pool;
	service->max_client = model->max_client;
	pace_set(&service->pace, model->bandwidth);
	service->max_requests = model->max_requests_per_connection;
	service->server_timeout_ms = model->server_timeout_ms;
	service->client_timeout_ms = model->client_timeout_ms;
	service->connect_timeout_ms = model->connect_timeout_ms;
	service->idle_max = idle_max;
	service->stats = &model->stats[service->engine->index];
	service->good_codes = model->good_codes;
	service->health = model->health;
	copy_field(service->client_ip_field, sizeof(service->client_ip_field),
		   model->client_ip_field);
	set_beginning(service, model);
	timer_cancel(&loop_of(service)->timers, &service->idle_timer);
	on_idle_timer(&service->idle_timer);
	service->line.spans_engines = model->has_line;
	line_take_places(service);
	settle_state(service);
}

static void retire(struct service *service)
{
	service->is_configured = false;
	settle_state(service);
	service_go_when_unused(service);
}

/* --- the room --- */

int service_room_init(struct service_room *room, struct engine *engine, struct quota_core *quota,
		      struct stat_engine *stats, size_t conns_max)
{
	*room = (struct service_room){ .engine = engine, .quota = quota, .stats = stats };
	slab_init(&room->conns, sizeof(struct server_conn), conns_max);
	slab_init(&room->tickets, sizeof(struct line_ticket), conns_max);
	return 0;
}

void service_room_close(struct service_room *room)
{
	must_be_on(room->engine);
	for (uint32_t id = 0; id < room->slot_room; id++)
		if (room->slots[id] != NULL)
			close_idle(room->slots[id]);
	line_close_all(room);
}

void service_room_fini(struct service_room *room)
{
	for (uint32_t id = 0; id < room->slot_room; id++) {
		must(room->slots[id] == NULL || room->slots[id]->connections == 0);
		free(room->slots[id]);
	}
	free(room->slots);
	slab_fini(&room->conns);
	slab_fini(&room->tickets);
}

static void make_room(struct service_room *room, uint32_t wanted)
{
	if (wanted <= room->slot_room)
		return;
	room->slots = realloc(room->slots, wanted * sizeof(*room->slots));
	must(room->slots != NULL);
	while (room->slot_room < wanted)
		room->slots[room->slot_room++] = NULL;
}

void service_room_take_up(struct service_room *room, const struct snapshot *snapshot)
{
	must_be_on(room->engine);
	make_room(room, snapshot->service_room);
	for (uint32_t id = 0; id < room->slot_room; id++) {
		const struct model_service *model = snapshot_service(snapshot, id);

		if (model != NULL && room->slots[id] == NULL)
			room->slots[id] = make_service(room, id);
		if (model != NULL)
			configure(room->slots[id], model, snapshot->keep_idle_max);
		else if (room->slots[id] != NULL && room->slots[id]->is_configured)
			retire(room->slots[id]);
	}
}

struct service *service_of(struct service_room *room, uint32_t id)
{
	return id < room->slot_room ? room->slots[id] : NULL;
}
