/* SPDX-License-Identifier: Apache-2.0
 *
 * The road of a session: choose a service, connect to it, relay. A connect that fails goes back to
 * the choice, without the services that failed. Nothing is read from the client before a server is
 * connected, so that any of them can still have it; but when the choice is by what the client says
 * first, that is read before and kept for the server.
 *
 * One timer serves all of it: the end of the wait for what the client says, the connect time-out
 * while connecting, else the idle time-out, which is looked at lazily: bytes only note the time,
 * and the timer that fires too early is armed again.
 */
#include "proxy/tcp_session.h"

#include "proxy/introduction.h"
#include "proxy/opening.h"
#include "proxy/relay.h"

enum { FAILURES_MAX = 8 }; /* services that are tried for one client */

/* Owner: the engine. From proxy->tcp_sessions. */
struct tcp_session {
	struct session session;
	const struct tcp_step *at;
	struct task task;
	struct timer timer;
	struct conn client;
	struct server_conn *server; /* NULL: none */
	struct service *waits_for;  /* NULL: not in line */
	struct line_waiter waiter;
	struct relay relay;     /* valid from the step of its name on */
	uint64_t failed;        /* members that did not let us in, a bit each */
	uint64_t chosen;        /* the bit of the one that is tried */
	uint64_t key;           /* for the balancing method */
	struct opening opening; /* until the relay has its bytes */
	struct address peer;
	uint64_t active_ms; /* begin of the step; while relaying the relay knows */
	uint32_t failures;
	bool has_left;  /* admission_leave() was called */
	bool is_ending; /* counted so: the client has sent its last byte, the server has not */
	struct loop_free free_later;
};

enum step_end {
	STEP_NEXT, /* session->at says where it goes on */
	STEP_WAIT, /* an event or the timer goes on */
	STEP_OVER  /* the session is closed */
};

struct tcp_step {
	const char *name;
	enum step_end (*run)(struct tcp_session *session);
};

static enum step_end step_listen(struct tcp_session *session);
static enum step_end step_choose(struct tcp_session *session);
static enum step_end step_connect(struct tcp_session *session);
static enum step_end step_relay(struct tcp_session *session);

static const struct tcp_step at_listen = { "listen", step_listen }; /* -> choose; wait; over */
static const struct tcp_step at_choose = { "choose", step_choose }; /* -> connect; wait; over */
static const struct tcp_step at_connect = { "connect",
					    step_connect };      /* -> relay; choose; wait; over */
static const struct tcp_step at_relay = { "relay", step_relay }; /* -> wait; over */

static struct proxy *proxy_of(const struct tcp_session *session)
{
	return session->session.proxy;
}

static struct loop *loop_of(const struct tcp_session *session)
{
	return &proxy_of(session)->engine->loop;
}

static struct stat_vserver *stats_of(const struct tcp_session *session)
{
	return session->session.serving->stats;
}

/* --- the end --- */

static void free_session(struct loop_free *later)
{
	struct tcp_session *session = list_entry(later, struct tcp_session, free_later);

	slab_give(&session->session.proxy->tcp_sessions, session);
}

static void leave(struct tcp_session *session)
{
	if (session->has_left)
		return;
	session->has_left = true;
	if (session->is_ending)
		stat_subtract(&stats_of(session)->clients_ending, 1);
	admission_leave(session->session.serving);
}

static void leave_line(struct tcp_session *session)
{
	if (session->waits_for == NULL)
		return;
	line_unwait(session->waits_for, &session->waiter);
	crowd_leave(&session->session.serving->crowd, &session->waiter);
	session->waits_for = NULL;
}

static void drop_server(struct tcp_session *session, bool resets)
{
	if (session->server == NULL)
		return;
	service_drop(session->server, resets);
	session->server = NULL;
	session_face(&session->session, &session->client, NULL);
}

/* What the client held is given back before it can see the end, so that there is room for it when
 * it comes back at once. */
static enum step_end finish(struct tcp_session *session, bool resets)
{
	if (session->at == &at_relay)
		relay_fini(&session->relay);
	opening_fini(&session->opening, &proxy_of(session)->engine->buffers);
	leave_line(session);
	leave(session);
	drop_server(session, resets);
	if (resets)
		conn_reset(&session->client);
	else
		conn_close(&session->client);
	timer_cancel(&loop_of(session)->timers, &session->timer);
	list_remove(&session->task.link);
	session_close(&session->session);
	loop_free_later(loop_of(session), &session->free_later);
	return STEP_OVER;
}

/* The client is gone. */
static enum step_end abandon(struct tcp_session *session)
{
	stat_add(&stats_of(session)->client_aborts, 1);
	return finish(session, true);
}

static void cut(struct session *session)
{
	(void)finish(list_entry(session, struct tcp_session, session), true);
}

static const struct session_kind kind = { cut, NULL };

/* The lesser of the time-outs of both ends; 0: none. */
static uint32_t idle_timeout_ms(const struct tcp_session *session)
{
	uint32_t least = session->session.serving->client_timeout_ms;
	const struct service *service = session->server != NULL ? session->server->service : NULL;

	if (service == NULL)
		return least;
	if (service->client_timeout_ms != 0)
		least = service->client_timeout_ms;
	if (service->server_timeout_ms != 0 && (least == 0 || service->server_timeout_ms < least))
		least = service->server_timeout_ms;
	return least;
}

static void arm(struct tcp_session *session, uint64_t from_ms, uint32_t timeout_ms)
{
	if (timeout_ms > 0)
		timer_arm(&loop_of(session)->timers, &session->timer, from_ms + timeout_ms);
	else
		timer_cancel(&loop_of(session)->timers, &session->timer);
}

/* --- listen --- */

static uint64_t key_of(const struct tcp_session *session)
{
	const struct vserver *serving = session->session.serving;
	char text[ADDRESS_TEXT_MAX];
	struct balance_client client = { .peer = &session->peer, .fd = session->client.watch.fd };

	if (opening_is_wanted(&session->opening))
		client.token = opening_token(&session->opening);
	else
		client.token = persistence_token(&serving->persistence, &session->peer, NULL, text);
	return balance_key(&serving->balance, &client);
}

static enum step_end go_first_choose(struct tcp_session *session)
{
	session->key = key_of(session);
	session->active_ms = loop_of(session)->now_ms;
	timer_cancel(&loop_of(session)->timers, &session->timer);
	session->at = &at_choose;
	return STEP_NEXT;
}

static enum step_end step_listen(struct tcp_session *session)
{
	uint64_t now_ms = loop_of(session)->now_ms;
	uint64_t end_ms = session->active_ms + OPENING_WAIT_MS, again_ms = end_ms;

	if (session->client.is_broken)
		return abandon(session);
	switch (opening_read(&session->opening, &session->client, &stats_of(session)->bytes_in)) {
	case OPENING_DONE:
	case OPENING_SHORT:
		return go_first_choose(session);
	case OPENING_STARVED:
		stat_add(&proxy_of(session)->stats->refused_memory, 1);
		again_ms = now_ms + proxy_starved_ms(proxy_of(session));
		break;
	case OPENING_WAIT:
		break;
	case OPENING_BROKEN:
		return abandon(session);
	}
	if (end_ms <= now_ms)
		return go_first_choose(session);
	timer_arm(&loop_of(session)->timers, &session->timer,
		  again_ms < end_ms ? again_ms : end_ms);
	return STEP_WAIT;
}

/* --- choose --- */

static enum step_end go_connect(struct tcp_session *session)
{
	leave_line(session);
	session_face(&session->session, &session->client, session->server);
	arm(session, loop_of(session)->now_ms, session->server->service->connect_timeout_ms);
	session->at = &at_connect;
	return STEP_NEXT;
}

/* In line for a full service, or where it stands already. */
static enum step_end wait_in_line(struct tcp_session *session, struct service *full, bool is_bound)
{
	struct crowd *crowd = &session->session.serving->crowd;

	if (session->waits_for != NULL &&
	    !line_is_good_to_wait(session->waits_for, &session->waiter, full, is_bound))
		leave_line(session);
	if (session->waits_for == NULL)
		session->waits_for = full;
	line_wait(session->waits_for, &session->waiter, &session->task);
	if (is_bound)
		crowd_leave(crowd, &session->waiter);
	else
		crowd_join(crowd, &session->waiter);
	if (!timer_is_armed(&session->timer))
		arm(session, session->active_ms, idle_timeout_ms(session));
	return STEP_WAIT;
}

static enum step_end step_choose(struct tcp_session *session)
{
	struct vserver *serving = session->session.serving;
	uint64_t tried = session->failed;
	struct persistence_ask ask = { .peer = &session->peer,
				       .fd = session->client.watch.fd,
				       .key = session->key };
	struct service *full = NULL, *service;

	if (session->client.is_broken)
		return finish(session, true);
	for (uint32_t round = 0; round < serving->balance.member_count; round++) {
		uint64_t before = tried;

		service = persistence_choose(serving, &ask, &tried);
		if (service == NULL)
			break;
		switch (service_get(service, &session->task, false, &session->server)) {
		case SERVICE_READY:
		case SERVICE_CONNECTING:
			session->chosen = tried & ~before;
			return go_connect(session);
		case SERVICE_FULL:
			if (ask.is_kept)
				return wait_in_line(session, service, true);
			full = full != NULL ? full : service;
			break;
		case SERVICE_FAILED:
			if (session->waits_for == service)
				leave_line(session);
			session->failed |= tried & ~before;
			break;
		}
	}
	if (full == NULL)
		return finish(session, true);
	persistence_stay(serving, &ask, full);
	balance_call_idle(&serving->balance, session->failed);
	return wait_in_line(session, full, false);
}

/* --- connect --- */

static enum step_end go_choose(struct tcp_session *session)
{
	stat_add(&session->server->service->stats->connect_failures, 1);
	session->failed |= session->chosen;
	drop_server(session, true);
	timer_cancel(&loop_of(session)->timers, &session->timer);
	if (++session->failures >= FAILURES_MAX)
		return finish(session, true);
	session->active_ms = loop_of(session)->now_ms;
	session->at = &at_choose;
	return STEP_NEXT;
}

static enum step_end go_relay(struct tcp_session *session)
{
	struct service *service = session->server->service;

	relay_init(&session->relay, proxy_of(session)->engine, &session->client,
		   &session->server->conn, stats_of(session), service->stats);
	relay_preload(&session->relay.client, opening_take(&session->opening));
	arm(session, loop_of(session)->now_ms, idle_timeout_ms(session));
	session->at = &at_relay;
	return STEP_NEXT;
}

static enum step_end step_connect(struct tcp_session *session)
{
	if (session->client.is_broken)
		return abandon(session);
	switch (conn_connected(&session->server->conn)) {
	case CONN_DONE:
		if (introduction_send(&session->session, &session->client, session->server))
			return go_relay(session);
		break;
	case CONN_WAIT:
		return STEP_WAIT;
	case CONN_EOF:
	case CONN_BROKEN:
		break;
	}
	return go_choose(session);
}

/* --- relay --- */

static void note_ending(struct tcp_session *session)
{
	if (session->is_ending || session->has_left || !session->relay.client.has_ended)
		return;
	session->is_ending = true;
	stat_add(&stats_of(session)->clients_ending, 1);
}

static enum step_end step_relay(struct tcp_session *session)
{
	enum relay_result result = relay_run(&session->relay);

	note_ending(session);
	switch (result) {
	case RELAY_WAIT:
		return STEP_WAIT;
	case RELAY_BUSY:
		loop_ready(loop_of(session), &session->task);
		return STEP_WAIT;
	case RELAY_STARVED:
		stat_add(&proxy_of(session)->stats->refused_memory, 1);
		timer_arm(&loop_of(session)->timers, &session->timer,
			  loop_of(session)->now_ms + proxy_starved_ms(proxy_of(session)));
		return STEP_WAIT;
	case RELAY_SERVER_ENDED:
		leave(session);
		return STEP_NEXT;
	case RELAY_OVER:
		return finish(session, false);
	case RELAY_CLIENT_BROKEN:
		return abandon(session);
	case RELAY_SERVER_BROKEN:
		stat_add(&session->server->service->stats->resets, 1);
		return finish(session, true);
	}
	must_not_reach();
}

/* --- the driver --- */

static void run(struct task *task)
{
	struct tcp_session *session = list_entry(task, struct tcp_session, task);
	enum step_end end = STEP_NEXT;

	must_be_on(proxy_of(session)->engine);
	while (end == STEP_NEXT)
		end = session->at->run(session);
}

static void time_out(struct tcp_session *session)
{
	if (session->at == &at_relay)
		stat_add(&session->server->service->stats->timeouts, 1);
	stat_add(&stats_of(session)->client_timeouts, 1);
	(void)finish(session, true);
}

static void on_timer(struct timer *timer)
{
	struct tcp_session *session = list_entry(timer, struct tcp_session, timer);
	uint64_t active_ms = session->at == &at_relay ? session->relay.active_ms
						      : session->active_ms;
	uint32_t timeout_ms = idle_timeout_ms(session);

	if (session->at == &at_listen) {
		loop_ready(loop_of(session), &session->task);
		return;
	}
	if (session->at == &at_connect) {
		stat_add(&session->server->service->stats->timeouts, 1);
		if (go_choose(session) == STEP_NEXT)
			loop_ready(loop_of(session), &session->task);
		return;
	}
	if (timeout_ms > 0 && active_ms + timeout_ms <= loop_of(session)->now_ms) {
		time_out(session);
		return;
	}
	arm(session, active_ms, timeout_ms);
	loop_ready(loop_of(session), &session->task); /* perhaps it waits for a buffer */
}

/* --- the start --- */

size_t tcp_session_size(void)
{
	return sizeof(struct tcp_session);
}

static void refuse(struct proxy *proxy, struct vserver *serving, const struct arrival *arrival)
{
	stat_add(&proxy->stats->refused_memory, 1);
	admission_leave(serving);
	arrival_close(arrival, true);
}

/* Where its road begins. */
static void set_out(struct tcp_session *session, const struct balance *balance)
{
	session->at = &at_choose;
	if (balance_reads_data(balance)) {
		session->at = &at_listen;
		session->opening.offset = balance->data_offset;
		session->opening.length = balance->data_length;
		return;
	}
	session->key = key_of(session);
}

void tcp_session_start(struct proxy *proxy, struct vserver *serving, const struct arrival *arrival)
{
	struct tcp_session *session = slab_take(&proxy->tcp_sessions);

	must_be_on(proxy->engine);
	if (session == NULL) {
		refuse(proxy, serving, arrival);
		return;
	}
	*session = (struct tcp_session){ .session.kind = &kind,
					 .task.run = run,
					 .peer = arrival->peer,
					 .active_ms = proxy->engine->loop.now_ms,
					 .free_later.free = free_session };
	list_init(&session->task.link);
	line_waiter_init(&session->waiter);
	list_init(&session->free_later.link);
	timer_init(&session->timer, on_timer);
	if (conn_open(&session->client, proxy->engine, arrival->fd, &session->task) != 0) {
		slab_give(&proxy->tcp_sessions, session);
		refuse(proxy, serving, arrival);
		return;
	}
	session_open(&session->session, proxy, serving, arrival);
	set_out(session, &serving->balance);
	session_face(&session->session, &session->client, NULL);
	loop_ready(&proxy->engine->loop, &session->task);
}
