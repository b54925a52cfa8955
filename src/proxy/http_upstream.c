/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request to a server connection that it was written to.
 *
 * A request is written to another connection only when the first took nothing of it, or when a
 * reused connection ended before any answer and the request may be repeated; then its head was
 * kept.
 */
#include "http/head.h"
#include "proxy/http_session_priv.h"
#include "proxy/introduction.h"

void http_upstream_unwait(struct http_session *s)
{
	if (s->line == NULL)
		return;
	line_unwait(s->line, &s->waiter);
	crowd_leave(&s->by->crowd, &s->waiter);
	s->line = NULL;
}

static enum step_end stand_in_line(struct http_session *s, struct service *full, bool is_bound)
{
	if (s->line != NULL && !line_is_good_to_wait(s->line, &s->waiter, full, is_bound))
		http_upstream_unwait(s);
	if (s->line == NULL) {
		http_session_set_deadline(s, HTTP_LINE_TIMEOUT_MS);
		s->line = full;
		line_wait(full, &s->waiter, &s->task);
	}
	if (is_bound)
		crowd_leave(&s->by->crowd, &s->waiter);
	else
		crowd_join(&s->by->crowd, &s->waiter);
	s->at = HTTP_AT_LINE;
	return STEP_WAIT;
}

static enum step_end have(struct http_session *s, enum http_at at)
{
	http_upstream_unwait(s);
	session_face(&s->session, &s->client, s->server);
	return http_session_go(s, at);
}

static struct persistence_ask ask_for(struct http_session *s)
{
	const struct vserver *vserver = s->by;
	const struct balance *balance = &vserver->balance;
	struct balance_client client = { .peer = &s->peer, .fd = s->client.watch.fd };
	struct persistence_ask ask = { .peer = &s->peer, .fd = client.fd };
	char text[ADDRESS_TEXT_MAX];

	if (balance_reads_request(balance) || persistence_reads_request(&vserver->persistence)) {
		ask.request = http_request_again(s);
		client.url = ask.request->path;
		client.host = ask.request->authority;
	}
	if (balance->method->key == LB_KEY_TOKEN)
		client.token = persistence_token(&vserver->persistence, &s->peer, ask.request,
						 text);
	ask.key = balance_key(balance, &client);
	return ask;
}

/* The connection that this client has had there, else any. */
static enum service_result get(struct http_session *s, struct service *service)
{
	if (s->kept != NULL && s->kept->service == service && s->may_reuse)
		s->server = service_get_kept(s->kept, &s->task);
	if (s->server != NULL)
		return SERVICE_READY;
	return service_get(service, &s->task, s->may_reuse, &s->server);
}

/* Asks the members one after the other, each at most once. */
enum step_end http_upstream_choose(struct http_session *s)
{
	struct vserver *vserver = s->by;
	struct persistence_ask ask = ask_for(s);
	uint64_t tried = s->tried;
	struct service *full = NULL, *service;

	for (uint32_t asked = 0; asked <= vserver->balance.member_count; asked++) {
		service = persistence_choose(vserver, &ask, &tried);
		if (service == NULL || s->connects >= HTTP_CONNECTS_MAX)
			break;
		s->gives_cookie = ask.wants_cookie;
		switch (get(s, service)) {
		case SERVICE_READY:
			return have(s, HTTP_AT_SEND);
		case SERVICE_CONNECTING:
			s->tried = tried;
			http_session_set_deadline(s, service->connect_timeout_ms);
			return have(s, HTTP_AT_CONNECT);
		case SERVICE_FULL:
			if (ask.is_kept)
				return stand_in_line(s, service, true);
			full = service;
			break;
		case SERVICE_FAILED:
			if (s->line == service)
				http_upstream_unwait(s);
			s->connects++;
			break;
		}
	}
	if (full == NULL || s->connects >= HTTP_CONNECTS_MAX)
		return http_answer_status(s, s->fault);
	persistence_stay(vserver, &ask, full);
	balance_call_idle(&vserver->balance, s->tried);
	return stand_in_line(s, full, false);
}

static enum step_end client_gone(struct http_session *s)
{
	stat_add(&http_session_stats(s)->client_aborts, 1);
	return http_session_abort(s);
}

enum step_end http_upstream_line(struct http_session *s)
{
	if (s->client.is_broken)
		return client_gone(s);
	return http_session_go(s, HTTP_AT_CHOOSE);
}

enum step_end http_upstream_line_late(struct http_session *s)
{
	return http_answer_status(s, 503);
}

static enum step_end try_another(struct http_session *s)
{
	s->connects++;
	http_upstream_drop(s);
	return http_session_go(s, HTTP_AT_CHOOSE);
}

enum step_end http_upstream_connect(struct http_session *s)
{
	if (s->client.is_broken)
		return client_gone(s);
	switch (conn_connected(&s->server->conn)) {
	case CONN_DONE:
		if (introduction_send(&s->session, &s->client, s->server))
			return http_session_go(s, HTTP_AT_SEND);
		break;
	case CONN_WAIT:
		return STEP_WAIT;
	case CONN_EOF:
	case CONN_BROKEN:
		break;
	}
	stat_add(&s->server->service->stats->connect_failures, 1);
	return try_another(s);
}

enum step_end http_upstream_connect_late(struct http_session *s)
{
	stat_add(&s->server->service->stats->connect_failures, 1);
	stat_add(&s->server->service->stats->timeouts, 1);
	s->fault = 504;
	return try_another(s);
}

/* The head for the server; its length, or 0 when it would be too long. */
static size_t write_head(struct http_session *s, const struct h1_request *request)
{
	struct http_scratch *scratch = http_session_scratch();
	struct head_framing framing = { request->framing, request->body_length };
	char ip[ADDRESS_TEXT_MAX];
	struct head_extra extra;
	unsigned extras = 0;

	if (s->server->service->client_ip_field[0] != '\0') {
		extra.name = str_of(s->server->service->client_ip_field);
		extra.value = str_of(address_print_host(&s->peer, ip));
		extras = 1;
	}
	if (head_request_room(request, &extra, extras) > sizeof(scratch->before) - HEAD_CHUNK_ROOM)
		return 0;
	return head_write_request(scratch->before, request, framing, &extra, extras, s->upgrades);
}

/* With as much of a body of known length as has come: one write for a small request. */
static enum lane_result send_with_body(struct http_session *s, struct str head, bool *sent_none)
{
	struct http_scratch *scratch = http_session_scratch();
	struct lane_frame frame = { scratch->before,
				    head.length,
				    scratch->after,
				    scratch->trailers,
				    { { NULL, 0 }, { NULL, 0 } } };
	struct body begun = s->up.body;
	struct lane_piece piece;
	struct h1_fault fault;
	enum lane_result result;
	enum lane_cut next;

	lane_skip(&s->up, s->head_left);
	next = lane_next(&s->up, &frame, &piece, &fault);
	must(next == LANE_PIECE);
	result = http_session_write_server(s, &piece, sent_none);
	if (result == LANE_BROKEN && *sent_none) {
		s->up.buffer->start -= s->head_left;
		s->up.body = begun;
	}
	return result;
}

/* Chunks are decoded in place, so that they could not be sent again: the head goes alone. A head
 * that may be repeated stays in the lane. */
static enum lane_result send_head(struct http_session *s, struct str head, bool *sent_none)
{
	struct lane_piece piece = { .before = head, .used = s->head_left };

	if (s->may_repeat && s->server->is_reused && s->may_reuse)
		piece.used = 0;
	return http_session_write_server(s, &piece, sent_none);
}

static enum step_end sent(struct http_session *s, bool is_kept)
{
	if (s->server->service->client_timeout_ms != 0)
		s->client_timeout_ms = s->server->service->client_timeout_ms;
	s->server->requests++;
	stat_add(&s->server->service->stats->requests_total, 1);
	if (!is_kept)
		s->head_left = 0;
	return http_session_go(s, HTTP_AT_EXCHANGE);
}

/* The connection broke while it was written to. */
static enum step_end not_sent(struct http_session *s, bool sent_none)
{
	stat_add(&s->server->service->stats->resets, 1);
	if (!sent_none) {
		s->head_left = 0;
		return http_answer_status(s, 502);
	}
	if (s->server->is_reused) {
		stat_add(&s->server->service->stats->retries, 1);
		s->may_reuse = false;
		s->tried = 0;
	}
	return try_another(s);
}

enum step_end http_upstream_send(struct http_session *s)
{
	const struct h1_request *request = http_request_again(s);
	struct str head = { http_session_scratch()->before, write_head(s, request) };
	bool is_kept = s->may_repeat && s->server->is_reused && s->may_reuse, sent_none;
	enum lane_result result;

	if (head.length == 0)
		return http_answer_status(s, 431);
	if (request->framing == H1_LENGTH)
		result = send_with_body(s, head, &sent_none);
	else
		result = send_head(s, head, &sent_none);
	if (result == LANE_BROKEN)
		return not_sent(s, sent_none);
	return sent(s, is_kept);
}

void http_upstream_release(struct http_session *s, bool has_rest)
{
	struct server_conn *server = s->server;
	bool is_whole = body_is_over(&s->up.body) && s->up.ready == 0 && !s->up_is_dead;

	if (server == NULL)
		return;
	s->server = NULL;
	session_face(&s->session, &s->client, NULL);
	stat_add(&server->service->stats->responses_total, 1);
	if (is_whole && s->server_stays && !has_rest && !server->conn.has_eof &&
	    server->conn.error == 0)
		service_keep(server, &s->kept);
	else
		service_drop(server, !is_whole);
}

void http_upstream_drop(struct http_session *s)
{
	if (s->server != NULL)
		service_drop(s->server, true);
	s->server = NULL;
	session_face(&s->session, &s->client, NULL);
}
