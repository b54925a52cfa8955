/* SPDX-License-Identifier: Apache-2.0
 * http_steps_priv.h - the steps of an HTTP session's road and what the files that they stand in
 * offer one another; the road itself is in http_session.c.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>

struct h1_request;
struct http_session;

enum step_end {
	STEP_NEXT, /* run the step at session->at */
	STEP_WAIT, /* an event or the deadline runs it again */
	STEP_OVER  /* the session has ended */
};

/* http_request.c */
enum step_end http_request_idle(struct http_session *s);
enum step_end http_request_idle_late(struct http_session *s);
enum step_end http_request_read(struct http_session *s);
enum step_end http_request_late(struct http_session *s);
/* The request that lies in `up`, read again when another session used the scratch meanwhile. */
const struct h1_request *http_request_again(struct http_session *s);
/* The kept head is needed no more. */
void http_request_forget(struct http_session *s);

/* http_admit.c */
enum step_end http_admit_begin(struct http_session *s);
enum step_end http_admit_run(struct http_session *s);
enum step_end http_admit_queue(struct http_session *s);
enum step_end http_admit_queue_late(struct http_session *s);
/* It waits in no line any more; also when it does not. */
void http_admit_unqueue(struct http_session *s);
/* The request has its answer, or none will come: what it held goes back; once. */
void http_admit_over(struct http_session *s);

/* http_upstream.c */
enum step_end http_upstream_choose(struct http_session *s);
enum step_end http_upstream_line(struct http_session *s);
enum step_end http_upstream_line_late(struct http_session *s);
enum step_end http_upstream_connect(struct http_session *s);
enum step_end http_upstream_connect_late(struct http_session *s);
enum step_end http_upstream_send(struct http_session *s);
/* The answer is read: the server connection goes to the next request, or is closed. `has_rest`: it
 * said more than the answer. */
void http_upstream_release(struct http_session *s, bool has_rest);
void http_upstream_drop(struct http_session *s);
void http_upstream_unwait(struct http_session *s);

/* http_exchange.c */
enum step_end http_exchange_run(struct http_session *s);    /* until the answer's head has come */
enum step_end http_exchange_answer(struct http_session *s); /* until the answer is written */
enum step_end http_exchange_late(struct http_session *s);
/* Right before the last bytes of an answer are written; `has_rest`: the server said more. */
void http_exchange_finish(struct http_session *s, bool has_rest);

/* http_answer.c */
/* Answers by ourselves, or resets when part of an answer has gone out already. */
enum step_end http_answer_status(struct http_session *s, int status);
enum step_end http_answer_refuse(struct http_session *s);
/* To a request that nobody serves: 302 to `url`, without one 503. */
enum step_end http_answer_spilled(struct http_session *s, const char *url);
enum step_end http_answer_done(struct http_session *s);
enum step_end http_answer_linger(struct http_session *s);
enum step_end http_answer_late(struct http_session *s);

/* http_tunnel.c */
enum step_end http_tunnel_start(struct http_session *s);
enum step_end http_tunnel_run(struct http_session *s);
enum step_end http_tunnel_late(struct http_session *s);
