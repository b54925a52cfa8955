/* SPDX-License-Identifier: Apache-2.0
 *
 * From the first byte of a request to its parsed head.
 */
#include "proxy/http_rules.h"
#include "proxy/http_session_priv.h"

static size_t head_max(const struct http_session *s)
{
	uint32_t most = s->session.proxy->header_bytes_max;

	return most < HTTP_HEAD_MAX ? most : HTTP_HEAD_MAX;
}

/* See open_client() of http_session.c. */
static enum lane_result read_first(struct http_session *s)
{
	bool is_try = s->client.watch.is_late && !s->was_asked;
	enum lane_result result = http_session_read_client(s, LANE_HEAD);

	if (is_try && (result == LANE_MOVED || result == LANE_WAIT))
		luck_note(&s->session.proxy->first_reads, result == LANE_MOVED);
	return result;
}

/* The head of its last answer was written before it could say that the connection ends. */
static bool is_over(const struct http_session *s)
{
	return s->was_asked && !s->client.can_read && http_session_is_leaving(s);
}

enum step_end http_request_idle(struct http_session *s)
{
	switch (read_first(s)) {
	case LANE_MOVED:
		return http_session_go(s, HTTP_AT_REQUEST);
	case LANE_WAIT:
		return is_over(s) ? http_session_close(s) : STEP_WAIT;
	case LANE_STARVED:
		return http_session_starve(s);
	case LANE_EOF:
		return http_session_close(s);
	case LANE_BROKEN:
		return http_session_abort(s);
	}
	must_not_reach();
}

enum step_end http_request_idle_late(struct http_session *s)
{
	return http_session_close(s);
}

/* What the rest of the road needs, kept in flags: the head itself stays where it was read. */
static enum step_end begin(struct http_session *s, const struct h1_request *request)
{
	int refusal = http_rules_refusal(request);

	s->method = (uint8_t)request->method;
	s->minor = (uint8_t)request->minor;
	s->head_left = (uint32_t)request->head_length;
	s->closes = !request->keeps_alive;
	s->was_asked = true;
	s->upgrades = request->wants_upgrade;
	s->may_repeat = http_rules_may_repeat(request);
	s->client_timeout_ms = s->session.serving->client_timeout_ms;
	s->may_reuse = true;
	s->has_begun = false;
	s->is_spilled = false;
	s->tried = 0;
	s->connects = 0;
	s->fault = 503;
	body_begin(&s->up.body, request->framing, request->body_length);
	s->up.chunks = request->framing == H1_CHUNKED;
	if (s->is_refusal)
		return http_answer_refuse(s);
	if (refusal == 0)
		return http_admit_begin(s);
	stat_add(&http_session_stats(s)->requests_total, 1);
	return http_answer_status(s, refusal);
}

static enum step_end refuse(struct http_session *s, const struct h1_fault *fault)
{
	s->closes = true;
	s->method = H1_OTHER;
	return http_answer_status(s, fault->status);
}

/* For a whole head, however slowly it comes: an idle client is not worth more. */
static uint64_t head_timeout_ms(const struct http_session *s)
{
	uint64_t whole = s->session.proxy->request_timeout_ms, idle = s->client_timeout_ms;

	return idle > 0 && idle < whole ? idle : whole;
}

static enum step_end read_more(struct http_session *s)
{
	switch (http_session_read_client(s, LANE_HEAD)) {
	case LANE_MOVED:
		return STEP_NEXT;
	case LANE_WAIT:
		if (!s->has_begun)
			http_session_set_deadline(s, head_timeout_ms(s));
		s->has_begun = true;
		return STEP_WAIT;
	case LANE_STARVED:
		return http_session_starve(s);
	case LANE_EOF:
		stat_add(&http_session_stats(s)->client_aborts, 1);
		return http_session_close(s);
	case LANE_BROKEN:
		stat_add(&http_session_stats(s)->client_aborts, 1);
		return http_session_abort(s);
	}
	must_not_reach();
}

enum step_end http_request_read(struct http_session *s)
{
	struct http_scratch *scratch = http_session_scratch();
	struct h1_fault fault;

	switch (h1_read_request(&s->scan, lane_raw(&s->up), lane_raw_length(&s->up), head_max(s),
				&scratch->request, &fault)) {
	case H1_DONE:
		scratch->parsed = s;
		s->scan = (struct h1_scan){ 0 };
		return begin(s, &scratch->request);
	case H1_BAD:
		return refuse(s, &fault);
	case H1_MORE:
		return read_more(s);
	}
	must_not_reach();
}

enum step_end http_request_late(struct http_session *s)
{
	s->closes = true;
	s->method = H1_OTHER;
	stat_add(&http_session_stats(s)->client_timeouts, 1);
	return http_answer_status(s, 408);
}

const struct h1_request *http_request_again(struct http_session *s)
{
	struct http_scratch *scratch = http_session_scratch();
	struct h1_scan scan = { 0 };
	struct h1_fault fault;
	enum h1_result result;

	must(s->head_left > 0);
	if (scratch->parsed == s)
		return &scratch->request;
	result = h1_read_request(&scan, lane_raw(&s->up), s->head_left, HTTP_HEAD_MAX,
				 &scratch->request, &fault);
	/* The same bytes were good before. */
	must(result == H1_DONE);
	scratch->parsed = s;
	return &scratch->request;
}

void http_request_forget(struct http_session *s)
{
	lane_skip(&s->up, s->head_left);
	s->head_left = 0;
}
