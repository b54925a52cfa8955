/* SPDX-License-Identifier: Apache-2.0
 *
 * Who serves a request: the virtual server that has the client, or when its limit of requests in
 * flight is reached one of its backups. The client stays where it is.
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

static enum step_end ask(struct http_session *s)
{
	uint32_t now_ms = (uint32_t)http_session_engine(s)->loop.now_ms;
	struct admission in = { .reached = s->session.serving,
				.peer = &s->peer,
				.trail = introduction_trail(s->session.introduction),
				.is_request = true,
				.waited_ms = now_ms - s->asked_ms };

	switch (admission_decide(&in)) {
	case ADMIT_OK:
		return have(s, in.serving);
	case ADMIT_REFUSE:
		return http_answer_spilled(s, NULL);
	case ADMIT_REDIRECT:
		return http_answer_spilled(s, in.serving->redirect_url);
	case ADMIT_QUEUE: /* for clients only */
		must_not_reach();
	case ADMIT_AGAIN:
		http_session_set_deadline(s, LOOK_MS);
		return STEP_WAIT;
	}
	must_not_reach();
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

enum step_end http_admit_run(struct http_session *s)
{
	if (s->client.is_broken) {
		stat_add(&http_session_stats(s)->client_aborts, 1);
		return http_session_abort(s);
	}
	return ask(s);
}
