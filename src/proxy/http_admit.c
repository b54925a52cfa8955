/* SPDX-License-Identifier: Apache-2.0
 *
 * Who serves a request: the virtual server that has the client, or when its limit of requests in
 * flight is reached one of its backups. The client stays where it is.
 */
#include "proxy/http_session_priv.h"
#include "proxy/introduction.h"

enum { LOOK_MS = 1 }; /* until an undecided request asks again */

static enum step_end have(struct http_session *s, struct vserver *serving)
{
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

enum step_end http_admit_begin(struct http_session *s)
{
	s->asked_ms = (uint32_t)http_session_engine(s)->loop.now_ms;
	s->at = HTTP_AT_ADMIT;
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
