/* SPDX-License-Identifier: Apache-2.0
 *
 * Who serves a request: the virtual server that has the client, or when its limit of requests in
 * flight is reached one of its backups. The client stays where it is. Where the virtual server has
 * a line, a request that finds it full waits there first.
 */
#include "proxy/http_session_priv.h"
#include "proxy/introduction.h"

enum { LOOK_MS = 1 }; /* until an undecided request asks again */

/* Whether the answer should say who served: for the cookie of spillover persistence. */
static bool wants_cookie(struct http_session *s, const struct vserver *serving)
{
	bool is_old;

	if (!persistence_has_spill_cookie(&s->reached->persistence))
		return false;
	return persistence_spill_named(s->reached, http_request_again(s), &is_old) != serving ||
	       is_old;
}

static enum step_end have(struct http_session *s, struct vserver *serving)
{
	s->gives_spill_cookie = wants_cookie(s, serving);
	s->is_active = true;
	s->by = serving;
	if (serving != s->session.serving)
		vserver_hold(serving);
	return http_session_go(s, HTTP_AT_CHOOSE);
}

void http_admit_over(struct http_session *s)
{
	struct vserver *serving = s->by;
	bool is_guest = serving != s->session.serving;

	if (!s->is_active)
		return;
	s->is_active = false;
	s->by = s->session.serving;
	admission_request_over(serving, is_guest);
	if (is_guest)
		vserver_drop(serving);
}

/* The head is read again: only at the edge of a limit with a reserve. */
static bool knows(void *context, const struct vserver *vserver)
{
	struct http_session *s = context;
	struct persistence_ask ask = { .peer = &s->peer,
				       .fd = s->client.watch.fd,
				       .request = http_request_again(s) };

	return persistence_knows_request(vserver, s->reached, &ask);
}

static struct admission asking(struct http_session *s)
{
	return (struct admission){ .reached = s->session.serving,
				   .peer = &s->peer,
				   .trail = introduction_trail(s->session.introduction),
				   .is_request = true,
				   .knows = knows,
				   .context = s };
}

static enum step_end look_again(struct http_session *s)
{
	http_session_set_deadline(s, LOOK_MS);
	s->at = HTTP_AT_ADMIT;
	return STEP_WAIT;
}

static enum step_end decided(struct http_session *s, enum admit admit, const struct admission *in)
{
	switch (admit) {
	case ADMIT_OK:
		return have(s, in->serving);
	case ADMIT_REFUSE:
		return http_answer_spilled(s, NULL);
	case ADMIT_REDIRECT:
		return http_answer_spilled(s, in->serving->redirect_url);
	case ADMIT_QUEUE:
	case ADMIT_AGAIN:
		break; /* nobody asked for that */
	}
	must_not_reach();
}

/* Without waiting any more; `granted` (NULL: none) is what it has a use of. */
static enum step_end ask_now(struct http_session *s, struct holding *granted)
{
	struct admission in = asking(s);
	enum admit admit;

	in.waited_ms = ADMISSION_NO_WAIT;
	in.granted = granted;
	admit = admission_decide(&in);
	/* It is not needed: who waits next may have it. */
	if (in.granted != NULL)
		quota_give(s->session.proxy->quota, granted->pool);
	return decided(s, admit, &in);
}

/* Nothing is read meanwhile: what the client sends waits in its socket. */
static enum step_end stand_in_line(struct http_session *s, const struct admission *in)
{
	struct queued_request *queued;

	switch (queue_enter_request(in->serving, in->full, &s->task, &queued)) {
	case QUOTA_JOINED:
		s->queued = queued;
		http_session_set_deadline(s, in->serving->queue_timeout_ms);
		return http_session_go(s, HTTP_AT_QUEUE);
	case QUOTA_SERVED:
		return ask_now(s, in->full);
	case QUOTA_CROWDED:
		return ask_now(s, NULL);
	case QUOTA_UNDECIDED:
		return look_again(s);
	}
	must_not_reach();
}

static enum step_end ask(struct http_session *s)
{
	uint32_t now_ms = (uint32_t)http_session_engine(s)->loop.now_ms;
	struct admission in = asking(s);
	enum admit admit;

	in.waited_ms = now_ms - s->asked_ms;
	in.may_queue = true;
	admit = admission_decide(&in);
	if (admit == ADMIT_QUEUE)
		return stand_in_line(s, &in);
	if (admit == ADMIT_AGAIN)
		return look_again(s);
	return decided(s, admit, &in);
}

/* Whom the cookie names, when another has the client: of those behind one address each has his
 * own. True: that one serves the request. */
static bool ask_named(struct http_session *s, struct admission *in)
{
	bool is_old;

	if (!persistence_has_spill_cookie(&s->reached->persistence))
		return false;
	*in = (struct admission){ .peer = &s->peer,
				  .trail = introduction_trail(s->session.introduction),
				  .is_request = true,
				  .knows = knows,
				  .context = s,
				  .host = s->session.serving };
	in->reached = persistence_spill_named(s->reached, http_request_again(s), &is_old);
	return in->reached != NULL && in->reached != s->session.serving && admission_try(in);
}

enum step_end http_admit_begin(struct http_session *s)
{
	struct admission in;

	s->asked_ms = (uint32_t)http_session_engine(s)->loop.now_ms;
	s->at = HTTP_AT_ADMIT;
	if (ask_named(s, &in))
		return have(s, in.serving);
	return ask(s);
}

static enum step_end client_gone(struct http_session *s)
{
	stat_add(&http_session_stats(s)->client_aborts, 1);
	return http_session_abort(s);
}

enum step_end http_admit_run(struct http_session *s)
{
	return s->client.is_broken ? client_gone(s) : ask(s);
}

static void forget_place(struct http_session *s)
{
	s->tried = 0;
	s->at = HTTP_AT_ADMIT;
}

void http_admit_unqueue(struct http_session *s)
{
	if (s->at != HTTP_AT_QUEUE)
		return;
	queue_leave(s->queued);
	forget_place(s);
}

/* Who waits in line and closes its half has given up, as a client in line. */
enum step_end http_admit_queue(struct http_session *s)
{
	struct queued_request *queued = s->queued;

	if (s->client.is_broken || s->client.is_ending || s->client.has_eof)
		return client_gone(s);
	switch (queued->state) {
	case QUEUE_WAITS:
		return STEP_WAIT;
	case QUEUE_SERVED:
		forget_place(s);
		return ask_now(s, queue_take(queued));
	case QUEUE_OVER:
		forget_place(s);
		queue_dissolved(queued);
		return ask(s);
	}
	must_not_reach();
}

enum step_end http_admit_queue_late(struct http_session *s)
{
	if (!queue_late(s->queued)) {
		http_session_set_deadline(s, 0);
		return STEP_WAIT;
	}
	forget_place(s);
	return ask_now(s, NULL);
}
