/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request that was written to an answer that was: both bodies at once, each at the pace of
 * its receiver. What is cut off never looks complete: towards the client and towards the server
 * the connection is reset.
 */
#include "proxy/http_rules.h"
#include "proxy/http_session_priv.h"

static bool is_up_done(const struct http_session *s)
{
	return body_is_over(&s->up.body) && s->up.ready == 0;
}

static enum step_end client_gone(struct http_session *s)
{
	stat_add(&http_session_stats(s)->client_aborts, 1);
	return http_session_abort(s);
}

static bool waits_for_client(const struct http_session *s)
{
	if (s->server == NULL || s->down.ready > 0)
		return true;
	return !s->up_is_dead && s->up.ready == 0 && !body_is_over(&s->up.body);
}

static enum step_end park(struct http_session *s)
{
	if (s->has_moved)
		http_session_set_deadline(s, waits_for_client(s)
						     ? s->client_timeout_ms
						     : s->server->service->server_timeout_ms);
	return STEP_WAIT;
}

/* The other sessions have their turn. */
static enum step_end pause_for_others(struct http_session *s)
{
	loop_ready(&http_session_engine(s)->loop, &s->task);
	return STEP_WAIT;
}

enum step_end http_exchange_late(struct http_session *s)
{
	if (waits_for_client(s)) {
		stat_add(&http_session_stats(s)->client_timeouts, 1);
		return http_answer_status(s, 408);
	}
	stat_add(&s->server->service->stats->timeouts, 1);
	return http_answer_status(s, 504);
}

static struct lane_frame frame_of(size_t head_length)
{
	struct http_scratch *scratch = http_session_scratch();

	return (struct lane_frame){ scratch->before,
				    head_length,
				    scratch->after,
				    scratch->trailers,
				    { { NULL, 0 }, { NULL, 0 } } };
}

/* Where a step goes on after bytes were moved up. */
enum way {
	WAY_ON,    /* there is more to do in this direction */
	WAY_BLOCK, /* not now */
	WAY_LEFT   /* the session took another way: *end says what the driver does */
};

/* The server takes no more: an answer may still lie in its socket. */
static enum way stop_up(struct http_session *s)
{
	s->up_is_dead = true;
	s->closes = true;
	http_request_forget(s);
	lane_clear(&s->up, http_session_buffers(s));
	/* The event of the break may have come already: nothing else would wake us. */
	loop_ready(&http_session_engine(s)->loop, &s->task);
	return WAY_BLOCK;
}

static enum way write_up(struct http_session *s, const struct lane_piece *piece)
{
	bool sent_none;

	switch (http_session_write_server(s, piece, &sent_none)) {
	case LANE_MOVED:
		return WAY_ON;
	case LANE_WAIT:
		return WAY_BLOCK;
	case LANE_BROKEN:
	case LANE_EOF:
	case LANE_STARVED:
		return stop_up(s);
	}
	must_not_reach();
}

static enum way read_up(struct http_session *s, enum step_end *end)
{
	switch (http_session_read_client(s, LANE_BULK)) {
	case LANE_MOVED:
		return WAY_ON;
	case LANE_WAIT:
		return WAY_BLOCK;
	case LANE_STARVED:
		*end = http_session_starve(s);
		return WAY_LEFT;
	case LANE_EOF:
	case LANE_BROKEN:
		*end = client_gone(s);
		return WAY_LEFT;
	}
	must_not_reach();
}

static enum way move_up(struct http_session *s, enum step_end *end)
{
	struct lane_frame frame = frame_of(0);
	struct lane_piece piece;
	struct h1_fault fault;

	frame.drop.name = str_of(s->server->service->client_ip_field);
	if (s->up.ready > 0) {
		size_t ready = s->up.ready;
		enum lane_result result = lane_flush(&s->up, &s->server->conn);

		s->has_moved |= s->up.ready < ready;
		if (result == LANE_BROKEN)
			return stop_up(s);
		return result == LANE_WAIT ? WAY_BLOCK : WAY_ON;
	}
	switch (lane_next(&s->up, &frame, &piece, &fault)) {
	case LANE_PIECE:
		return write_up(s, &piece);
	case LANE_MORE:
		return read_up(s, end);
	case LANE_BAD:
		s->closes = true;
		*end = http_answer_status(s, fault.status);
		return WAY_LEFT;
	}
	must_not_reach();
}

/* The request's body, as far as it goes now. True: the session took another way. */
static bool push(struct http_session *s, enum step_end *end)
{
	enum way way = WAY_ON;

	for (unsigned round = 0; way == WAY_ON && !is_up_done(s); round++) {
		if (s->server == NULL || s->up_is_dead)
			return false;
		if (round == 2 * HTTP_ROUNDS_MAX) {
			loop_ready(&http_session_engine(s)->loop, &s->task);
			return false;
		}
		way = move_up(s, end);
	}
	return way == WAY_LEFT;
}

void http_exchange_finish(struct http_session *s, bool has_rest)
{
	http_upstream_release(s, has_rest);
	if (s->is_active)
		stat_add(&s->by->stats->responses_total, 1);
	http_admit_over(s);
	/* A client that is told that the connection ends may come back at once: it finds room. */
	if (s->closes)
		http_session_leave(s);
}

/* The server has ended without an answer. */
static enum step_end lost(struct http_session *s)
{
	stat_add(&s->server->service->stats->resets, 1);
	if (s->head_left == 0 || s->up.ready > 0)
		return http_answer_status(s, 502);
	stat_add(&s->server->service->stats->retries, 1);
	http_upstream_drop(s);
	s->may_reuse = false;
	s->tried = 0;
	return http_session_go(s, HTTP_AT_CHOOSE);
}

static enum lane_result send_piece(struct http_session *s, struct lane_piece *piece)
{
	if (body_is_over(&s->down.body)) {
		http_exchange_finish(s, lane_raw_length(&s->down) > piece->used);
		piece->is_last = s->closes;
	}
	return http_session_write_client(s, piece);
}

static enum step_end wrong_answer(struct http_session *s)
{
	stat_add(&s->server->service->stats->bad_answers, 1);
	return http_answer_status(s, 502);
}

enum { COOKIES = 2 };

static void add_cookie(struct head_extra *extra, unsigned *count, struct str value)
{
	if (value.length > 0)
		extra[(*count)++] = (struct head_extra){ STR("Set-Cookie"), value };
}

/* For a client that persistence shall know again; how many. */
static unsigned add_cookies(const struct http_session *s, struct head_extra extra[COOKIES],
			    char text[COOKIES][PERSISTENCE_COOKIE_ROOM])
{
	unsigned count = 0;

	if (s->gives_cookie)
		add_cookie(extra, &count, persistence_cookie(s->by, s->server->service, text[0]));
	if (s->gives_spill_cookie)
		add_cookie(extra, &count, persistence_spill_cookie(s->reached, s->by, text[1]));
	return count;
}

/* The head, and with it what came of the body. */
static enum step_end begin_answer(struct http_session *s, const struct h1_response *response)
{
	struct head_framing framing = http_rules_framing(response, s->minor);
	struct http_scratch *scratch = http_session_scratch();
	char cookies[COOKIES][PERSISTENCE_COOKIE_ROOM];
	struct head_extra extra[COOKIES];
	unsigned extras = add_cookies(s, extra, cookies);
	struct lane_frame frame;
	struct lane_piece piece;
	struct h1_fault fault;
	enum lane_cut next;

	if (framing.framing == H1_UNTIL_CLOSE || !is_up_done(s) || http_session_is_leaving(s))
		s->closes = true;
	if (head_response_room(response, extra, extras) > sizeof(scratch->before) - HEAD_CHUNK_ROOM)
		return wrong_answer(s);
	s->server_stays = http_rules_server_stays(response);
	frame = frame_of(head_write_response(scratch->before, response, framing, extra, extras,
					     s->minor, s->closes));
	lane_skip(&s->down, response->head_length);
	body_begin(&s->down.body, response->framing, response->body_length);
	s->down.chunks = framing.framing == H1_CHUNKED;
	next = lane_next(&s->down, &frame, &piece, &fault);
	if (next == LANE_BAD)
		return wrong_answer(s);
	must(next == LANE_PIECE);
	s->has_answered = true;
	if (response->status >= 500)
		stat_add(&s->server->service->stats->server_errors, 1);
	if (!codes_has(&s->server->service->good_codes, response->status))
		stat_add(&s->server->service->stats->unexpected, 1);
	if (send_piece(s, &piece) == LANE_BROKEN)
		return client_gone(s);
	return http_session_go(s, HTTP_AT_ANSWER);
}

/* A head that is not the answer: the bytes after it stay for what comes next. */
static enum lane_result relay_interim(struct http_session *s, const struct h1_response *response)
{
	struct http_scratch *scratch = http_session_scratch();
	struct head_framing none = { H1_NO_BODY, 0 };
	struct lane_piece piece = { .used = response->head_length };

	if (head_response_room(response, NULL, 0) > sizeof(scratch->before))
		return LANE_BROKEN;
	piece.before.at = scratch->before;
	piece.before.length = head_write_response(scratch->before, response, none, NULL, 0,
						  s->minor, false);
	return http_session_write_client(s, &piece);
}

static enum step_end switch_protocol(struct http_session *s, const struct h1_response *response)
{
	if (relay_interim(s, response) == LANE_BROKEN)
		return client_gone(s);
	stat_add(&s->server->service->stats->responses_total, 1);
	stat_add(&s->by->stats->responses_total, 1);
	return http_tunnel_start(s);
}

static void count_first_byte(const struct http_session *s)
{
	struct stat_service *stats = s->server->service->stats;

	stat_add(&stats->first_bytes, 1);
	stat_add(&stats->first_bytes_ms,
		 (uint32_t)http_session_engine(s)->loop.now_ms - s->asked_ms);
}

static enum step_end take_head(struct http_session *s, const struct h1_response *response)
{
	s->scan = (struct h1_scan){ 0 };
	switch (http_rules_interim(response, s->minor, s->upgrades, is_up_done(s))) {
	case HTTP_FINAL:
		count_first_byte(s);
		return begin_answer(s, response);
	case HTTP_RELAY:
		if (relay_interim(s, response) == LANE_BROKEN)
			return client_gone(s);
		return STEP_NEXT;
	case HTTP_SKIP:
		lane_skip(&s->down, response->head_length);
		return STEP_NEXT;
	case HTTP_SWITCH:
		return switch_protocol(s, response);
	case HTTP_WRONG:
		return wrong_answer(s);
	}
	must_not_reach();
}

static enum step_end read_head(struct http_session *s)
{
	switch (http_session_read_server(s)) {
	case LANE_MOVED:
		http_request_forget(s);
		return STEP_NEXT;
	case LANE_WAIT:
		return STEP_WAIT;
	case LANE_STARVED:
		return http_session_starve(s);
	case LANE_EOF:
	case LANE_BROKEN:
		return lost(s);
	}
	must_not_reach();
}

/* One head from the server, or one read. */
static enum step_end find_head(struct http_session *s)
{
	struct http_scratch *scratch = http_session_scratch();
	uint32_t head_max = s->session.proxy->header_bytes_max;
	struct h1_fault fault;

	if (head_max > HTTP_HEAD_MAX)
		head_max = HTTP_HEAD_MAX;
	if (lane_raw_length(&s->down) == 0)
		return read_head(s);
	switch (h1_read_response(&s->scan, lane_raw(&s->down), lane_raw_length(&s->down), head_max,
				 (enum h1_method)s->method, &scratch->response, &fault)) {
	case H1_DONE:
		return take_head(s, &scratch->response);
	case H1_BAD:
		return wrong_answer(s);
	case H1_MORE:
		return read_head(s);
	}
	must_not_reach();
}

static enum lane_result flush_down(struct http_session *s)
{
	size_t ready = s->down.ready;
	enum lane_result result = lane_flush(&s->down, &s->client);

	s->has_moved |= s->down.ready < ready;
	return result;
}

/* Heads of interim answers, until that of the answer has come. */
static enum step_end find_answer(struct http_session *s)
{
	for (unsigned round = 0; round < HTTP_ROUNDS_MAX; round++) {
		enum lane_result flushed = flush_down(s);
		enum step_end end;

		if (flushed == LANE_BROKEN)
			return client_gone(s);
		if (flushed == LANE_WAIT)
			return STEP_WAIT;
		end = find_head(s);
		if (end != STEP_NEXT || s->at != HTTP_AT_EXCHANGE)
			return end;
	}
	return pause_for_others(s);
}

/* Reading comes first: a server that has answered early and gone is heard before the write to it
 * breaks. */
enum step_end http_exchange_run(struct http_session *s)
{
	enum step_end end;

	if (s->client.is_broken)
		return client_gone(s);
	end = find_answer(s);
	if (end != STEP_WAIT || push(s, &end))
		return end;
	return park(s);
}

/* A body that ends with the connection is over; every other one is cut off. */
static enum step_end end_of_server(struct http_session *s, bool is_reset)
{
	struct lane_piece piece = { .used = 0 };

	if (is_reset || s->down.body.framing != H1_UNTIL_CLOSE) {
		stat_add(&s->server->service->stats->resets, 1);
		return http_session_abort(s);
	}
	s->down.body.state = BODY_END;
	if (s->down.chunks)
		piece.after = STR("0\r\n\r\n");
	return send_piece(s, &piece) == LANE_BROKEN ? client_gone(s) : STEP_NEXT;
}

static enum step_end read_body(struct http_session *s)
{
	switch (http_session_read_server(s)) {
	case LANE_MOVED:
		return STEP_NEXT;
	case LANE_WAIT:
		return STEP_WAIT;
	case LANE_STARVED:
		return http_session_starve(s);
	case LANE_EOF:
		return end_of_server(s, false);
	case LANE_BROKEN:
		return end_of_server(s, true);
	}
	must_not_reach();
}

/* One write to the client, or one read from the server. */
static enum step_end pull(struct http_session *s)
{
	struct lane_frame frame = frame_of(0);
	struct lane_piece piece;
	struct h1_fault fault;

	switch (lane_next(&s->down, &frame, &piece, &fault)) {
	case LANE_PIECE:
		return send_piece(s, &piece) == LANE_BROKEN ? client_gone(s) : STEP_NEXT;
	case LANE_MORE:
		return read_body(s);
	case LANE_BAD:
		stat_add(&s->server->service->stats->bad_answers, 1);
		return http_session_abort(s);
	}
	must_not_reach();
}

static enum step_end relay_answer(struct http_session *s)
{
	for (unsigned round = 0; round < 2 * HTTP_ROUNDS_MAX; round++) {
		enum lane_result flushed = flush_down(s);
		enum step_end end;

		if (flushed == LANE_BROKEN)
			return client_gone(s);
		if (flushed == LANE_WAIT)
			return STEP_WAIT;
		if (body_is_over(&s->down.body))
			return http_session_go(s, HTTP_AT_DONE);
		end = pull(s);
		if (end != STEP_NEXT)
			return end;
	}
	return pause_for_others(s);
}

enum step_end http_exchange_answer(struct http_session *s)
{
	enum step_end end;

	if (s->client.is_broken)
		return client_gone(s);
	end = relay_answer(s);
	if (end != STEP_WAIT || push(s, &end))
		return end;
	return park(s);
}
