/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http_session.h"

#include "os/socket.h"
#include "proxy/http_session_priv.h"

#include <string.h>

typedef enum step_end step_fn(struct http_session *s);

/* The road of a session. Steps never call one another; only run() calls them. late() runs when
 * the deadline has passed and the step still waits. */
/* clang-format off */
static const struct {
	const char *name;
	step_fn *run, *late;
} steps[HTTP_AT_COUNT] = {
	/* -> request; over (closed, late) */
	[HTTP_AT_IDLE]     = { "idle",     http_request_idle,      http_request_idle_late },
	/* -> choose; admit; queue; answer (refused: 400, 431, 503, 302; late: 408); over */
	[HTTP_AT_REQUEST]  = { "request",  http_request_read,      http_request_late },
	/* -> choose; queue; answer (503, 302); over (client gone) */
	[HTTP_AT_ADMIT]    = { "admit",    http_admit_run,         http_admit_run },
	/* -> choose; queue; answer (503, 302); over (client gone) */
	[HTTP_AT_QUEUE]    = { "queue",    http_admit_queue,       http_admit_queue_late },
	/* -> send; connect; line; answer (503, 504) */
	[HTTP_AT_CHOOSE]   = { "choose",   http_upstream_choose,   NULL },
	/* -> choose; answer (late: 503); over (client gone) */
	[HTTP_AT_LINE]     = { "line",     http_upstream_line,     http_upstream_line_late },
	/* -> send; choose (failed, late); over */
	[HTTP_AT_CONNECT]  = { "connect",  http_upstream_connect,  http_upstream_connect_late },
	/* -> exchange; choose (nothing was sent); answer */
	[HTTP_AT_SEND]     = { "send",     http_upstream_send,     NULL },
	/* -> answer; tunnel; choose (sent again); done (it was the whole); over */
	[HTTP_AT_EXCHANGE] = { "exchange", http_exchange_run,      http_exchange_late },
	/* -> done; over (cut) */
	[HTTP_AT_ANSWER]   = { "answer",   http_exchange_answer,   http_exchange_late },
	/* -> idle; request (pipelined); linger; over */
	[HTTP_AT_DONE]     = { "done",     http_answer_done,       NULL },
	/* -> over */
	[HTTP_AT_LINGER]   = { "linger",   http_answer_linger,     http_answer_late },
	/* -> over */
	[HTTP_AT_TUNNEL]   = { "tunnel",   http_tunnel_run,        http_tunnel_late },
};
/* clang-format on */

static _Thread_local struct http_scratch scratch;

struct http_scratch *http_session_scratch(void)
{
	return &scratch;
}

size_t http_session_size(void)
{
	return sizeof(struct http_session);
}

static struct http_session *of_task(struct task *task)
{
	return list_entry(task, struct http_session, task);
}

enum step_end http_session_go(struct http_session *s, enum http_at at)
{
	must(at < HTTP_AT_COUNT);
	s->at = (uint8_t)at;
	return STEP_NEXT;
}

static void arm(struct http_session *s, uint64_t deadline_ms)
{
	if (deadline_ms == TIMER_NEVER)
		return;
	if (!timer_is_armed(&s->timer) || s->timer.deadline_ms > deadline_ms)
		timer_arm(&http_session_engine(s)->loop.timers, &s->timer, deadline_ms);
}

void http_session_set_deadline(struct http_session *s, uint64_t timeout_ms)
{
	s->deadline_ms = TIMER_NEVER;
	if (timeout_ms > 0)
		s->deadline_ms = http_session_engine(s)->loop.now_ms + timeout_ms;
	arm(s, s->deadline_ms);
}

static bool is_late(const struct http_session *s)
{
	return http_session_engine(s)->loop.now_ms >= s->deadline_ms && steps[s->at].late != NULL;
}

/* What is held over a wait is as small as it can be. */
static void rest(struct http_session *s)
{
	if (!s->is_tunnel) {
		lane_rest(&s->up, http_session_buffers(s));
		lane_rest(&s->down, http_session_buffers(s));
	}
	if (s->is_starved)
		arm(s, http_session_engine(s)->loop.now_ms + proxy_starved_ms(s->session.proxy));
	else
		arm(s, s->deadline_ms);
}

/* A client that has us answer by ourselves as fast as it asks has its turn like others. */
static enum step_end walk(struct http_session *s, enum step_end end)
{
	for (unsigned count = 0; end == STEP_NEXT; count++) {
		if (count == HTTP_STEPS_MAX) {
			loop_ready(&http_session_engine(s)->loop, &s->task);
			return STEP_WAIT;
		}
		end = steps[s->at].run(s);
	}
	return end;
}

static void run(struct task *task)
{
	struct http_session *s = of_task(task);
	enum step_end end;

	must_be_on(http_session_engine(s));
	scratch.parsed = NULL;
	s->is_starved = false;
	s->has_moved = false;
	end = walk(s, STEP_NEXT);
	if (end == STEP_WAIT && is_late(s))
		end = walk(s, steps[s->at].late(s));
	if (end == STEP_WAIT)
		rest(s);
}

/* The deadline moves with every request, the timer only here. */
static void fire(struct timer *timer)
{
	struct http_session *s = list_entry(timer, struct http_session, timer);

	if (s->is_starved || http_session_engine(s)->loop.now_ms >= s->deadline_ms)
		loop_ready(&http_session_engine(s)->loop, &s->task);
	else
		arm(s, s->deadline_ms);
}

void http_session_leave(struct http_session *s)
{
	if (!s->has_use)
		return;
	s->has_use = false;
	admission_leave(s->session.serving);
}

static void free_session(struct loop_free *later)
{
	struct http_session *s = list_entry(later, struct http_session, free_later);

	slab_give(&s->session.proxy->http_sessions, s);
}

static void give_back(struct http_session *s)
{
	if (s->is_tunnel) {
		relay_fini(&s->relay);
	} else {
		http_upstream_unwait(s);
		lane_clear(&s->up, http_session_buffers(s));
		lane_clear(&s->down, http_session_buffers(s));
	}
	http_upstream_drop(s);
	if (s->kept != NULL)
		service_drop(s->kept, false);
	http_admit_unqueue(s);
	http_admit_over(s);
	http_session_leave(s);
}

static void forget(struct http_session *s)
{
	struct loop *loop = &http_session_engine(s)->loop;

	timer_cancel(&loop->timers, &s->timer);
	list_remove(&s->task.link);
	vserver_drop(s->reached);
	session_close(&s->session);
	s->free_later.free = free_session;
	list_init(&s->free_later.link);
	loop_free_later(loop, &s->free_later);
}

enum step_end http_session_close(struct http_session *s)
{
	give_back(s);
	conn_close(&s->client);
	forget(s);
	return STEP_OVER;
}

enum step_end http_session_abort(struct http_session *s)
{
	give_back(s);
	conn_reset(&s->client);
	forget(s);
	return STEP_OVER;
}

enum step_end http_session_starve(struct http_session *s)
{
	stat_add(&s->session.proxy->stats->refused_memory, 1);
	s->is_starved = true;
	return STEP_WAIT;
}

static void cut(struct session *session)
{
	(void)http_session_abort(list_entry(session, struct http_session, session));
}

/* A backup may serve the present request. */
static bool is_served_here(const struct http_session *s)
{
	return (s->server != NULL || s->is_tunnel) &&
	       (s->by == NULL || s->by == s->session.serving);
}

/* When the engine drains, a request that is under way is answered with "Connection: close". */
static void drain(struct session *session, enum session_drain why)
{
	struct http_session *s = list_entry(session, struct http_session, session);
	bool may_close = why == SESSION_DRAIN || s->was_asked;

	if (s->at == HTTP_AT_IDLE && !s->client.can_read && may_close)
		(void)http_session_close(s);
	else if (why == SESSION_FLUSH && is_served_here(s))
		cut(session);
}

static const struct session_kind kind = { cut, drain };

/* Where the requests of new clients are there already when they are accepted, as on a busy engine,
 * the first read is tried at once, and most of them need never be watched. Where they are not, it
 * is tried in vain. */
static bool open_client(struct http_session *s, struct proxy *proxy, int fd)
{
	if (!luck_is_good(&proxy->first_reads))
		return conn_open_silent(&s->client, proxy->engine, fd, &s->task) == 0;
	conn_open_late(&s->client, proxy->engine, fd, &s->task);
	return true;
}

static struct http_session *open_session(struct proxy *proxy, struct vserver *serving,
					 const struct arrival *arrival)
{
	struct http_session *s = slab_take(&proxy->http_sessions);

	if (s == NULL)
		return NULL;
	memset(s, 0, sizeof(*s));
	list_init(&s->task.link);
	s->task.run = run;
	if (!open_client(s, proxy, arrival->fd)) {
		slab_give(&proxy->http_sessions, s);
		return NULL;
	}
	timer_init(&s->timer, fire);
	line_waiter_init(&s->waiter);
	s->peer = arrival->peer;
	s->client_timeout_ms = serving->client_timeout_ms;
	s->by = serving;
	s->reached = arrival->reached;
	vserver_hold(s->reached);
	s->session.kind = &kind;
	session_open(&s->session, proxy, serving, arrival);
	session_face(&s->session, &s->client, NULL);
	http_session_set_deadline(s, s->client_timeout_ms);
	if (s->client.can_read)
		loop_ready(&proxy->engine->loop, &s->task);
	return s;
}

void http_session_start(struct proxy *proxy, struct vserver *serving, const struct arrival *arrival)
{
	struct http_session *s;

	must_be_on(proxy->engine);
	s = open_session(proxy, serving, arrival);
	if (s != NULL) {
		s->has_use = true;
		return;
	}
	stat_add(&proxy->stats->refused_memory, 1);
	arrival_close(arrival, false);
	admission_leave(serving);
}

void http_session_refuse(struct proxy *proxy, struct vserver *refusing, bool redirects,
			 const struct arrival *arrival)
{
	struct http_session *s;

	must_be_on(proxy->engine);
	s = open_session(proxy, refusing, arrival);
	if (s == NULL) {
		stat_add(&proxy->stats->refused_memory, 1);
		arrival_close(arrival, false);
		return;
	}
	s->is_refusal = true;
	s->redirects = redirects;
	http_session_set_deadline(s, proxy->request_timeout_ms);
}

enum lane_result http_session_read_client(struct http_session *s, size_t room)
{
	size_t before = buffer_length(s->up.buffer);
	enum lane_result result = lane_fill(&s->up, http_session_buffers(s), &s->client, room);

	if (result == LANE_MOVED) {
		stat_add(&http_session_stats(s)->bytes_in, buffer_length(s->up.buffer) - before);
		s->has_moved = true;
	}
	return result;
}

enum lane_result http_session_read_server(struct http_session *s)
{
	size_t before = buffer_length(s->down.buffer);
	enum lane_result result = lane_fill(&s->down, http_session_buffers(s), &s->server->conn,
					    LANE_BULK);

	if (result == LANE_MOVED) {
		size_t done = buffer_length(s->down.buffer) - before;

		stat_add(&s->server->service->stats->bytes_in, done);
		stat_add_packets(&s->server->service->stats->packets_in, done);
		s->has_moved = true;
	}
	return result;
}

static size_t length_of(const struct lane_piece *piece)
{
	return piece->before.length + piece->data + piece->after.length;
}

enum lane_result http_session_write_client(struct http_session *s, const struct lane_piece *piece)
{
	bool sent_none;

	stat_add(&http_session_stats(s)->bytes_out, length_of(piece));
	s->has_moved = true;
	return lane_send(&s->down, http_session_buffers(s), &s->client, piece, &sent_none);
}

enum lane_result http_session_write_server(struct http_session *s, const struct lane_piece *piece,
					   bool *sent_none)
{
	enum lane_result result = lane_send(&s->up, http_session_buffers(s), &s->server->conn,
					    piece, sent_none);

	if (result != LANE_BROKEN) {
		stat_add(&s->server->service->stats->bytes_out, length_of(piece));
		stat_add_packets(&s->server->service->stats->packets_out, length_of(piece));
	}
	s->asked_ms = (uint32_t)http_session_engine(s)->loop.now_ms;
	s->has_moved = true;
	return result;
}
