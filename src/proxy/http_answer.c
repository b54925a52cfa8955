/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of our own, and what comes after an answer: the next request, or the end.
 */
#include "http/head.h"
#include "proxy/http_session_priv.h"

static void count(struct http_session *s, int status)
{
	struct stat_vserver *stats = http_session_stats(s);

	if (s->is_refusal || s->is_spilled)
		return;
	if (status == 502 || status == 503 || status == 504)
		stat_add(&stats->bad_gateways, 1);
	else if (status >= 400)
		stat_add(&stats->bad_requests, 1);
}

static enum step_end answer(struct http_session *s, int status, const struct head_extra *extra)
{
	struct http_scratch *scratch = http_session_scratch();
	struct lane_piece piece = { .used = 0 };

	/* The rest of an interim answer may still wait in the lane. */
	if (s->has_answered || s->down.ready > 0)
		return http_session_abort(s);
	count(s, status);
	http_upstream_drop(s);
	http_upstream_unwait(s);
	lane_skip(&s->up, s->head_left);
	s->head_left = 0;
	lane_clear(&s->down, http_session_buffers(s));
	/* What the server did not take of the request must not stand before the next. */
	if (!body_is_over(&s->up.body) || s->up.ready > 0 || http_session_is_leaving(s))
		s->closes = true;
	piece.before.at = scratch->before;
	piece.before.length = head_write_answer(scratch->before, HEAD_ANSWER_ROOM, status, NULL,
						extra, extra != NULL ? 1 : 0, s->method == H1_HEAD,
						s->closes);
	body_begin(&s->down.body, H1_NO_BODY, 0);
	s->has_answered = true;
	http_exchange_finish(s, false);
	piece.is_last = s->closes;
	if (http_session_write_client(s, &piece) == LANE_BROKEN)
		return http_session_abort(s);
	http_session_set_deadline(s, s->client_timeout_ms);
	return http_session_go(s, HTTP_AT_ANSWER);
}

enum step_end http_answer_status(struct http_session *s, int status)
{
	struct head_extra later = { STR("Retry-After"), STR("5") };

	return answer(s, status, status == 503 ? &later : NULL);
}

static enum step_end redirect(struct http_session *s, const char *url)
{
	struct head_extra location = { STR("Location"), url != NULL ? str_of(url) : STR("") };

	if (location.value.length > 0 && location.value.length < HEAD_ANSWER_ROOM / 2)
		return answer(s, 302, &location);
	return http_answer_status(s, 503);
}

enum step_end http_answer_spilled(struct http_session *s, const char *url)
{
	s->is_spilled = true;
	return redirect(s, url);
}

enum step_end http_answer_refuse(struct http_session *s)
{
	s->closes = true;
	return redirect(s, s->redirects ? s->session.serving->redirect_url : NULL);
}

static enum step_end linger(struct http_session *s)
{
	lane_clear(&s->up, http_session_buffers(s));
	conn_shutdown(&s->client);
	http_session_set_deadline(s, HTTP_LINGER_TIMEOUT_MS);
	return http_session_go(s, HTTP_AT_LINGER);
}

/* A close with unread bytes would send RST, and that could overtake the answer. */
static bool has_unread(const struct http_session *s)
{
	return !body_is_over(&s->up.body) || lane_raw_length(&s->up) > 0 || s->client.can_read;
}

enum step_end http_answer_done(struct http_session *s)
{
	must(s->server == NULL && !s->is_active);
	lane_clear(&s->down, http_session_buffers(s));
	if (s->closes && has_unread(s))
		return linger(s);
	if (s->closes)
		return http_session_close(s);
	s->has_answered = false;
	s->scan = (struct h1_scan){ 0 };
	http_session_set_deadline(s, s->client_timeout_ms);
	return http_session_go(s, lane_raw_length(&s->up) > 0 ? HTTP_AT_REQUEST : HTTP_AT_IDLE);
}

enum step_end http_answer_linger(struct http_session *s)
{
	struct http_scratch *scratch = http_session_scratch();
	enum conn_io io = CONN_DONE;
	size_t done = 0;

	while (io == CONN_DONE && s->lingered < HTTP_LINGER_BYTES_MAX) {
		io = conn_read(&s->client, scratch->after, sizeof(scratch->after), &done);
		if (io == CONN_DONE)
			s->lingered += (uint32_t)done;
	}
	return io == CONN_WAIT ? STEP_WAIT : http_session_close(s);
}

enum step_end http_answer_late(struct http_session *s)
{
	return http_session_close(s);
}
