/* SPDX-License-Identifier: Apache-2.0
 *
 * After 101: bytes both ways, whatever they mean.
 */
#include "proxy/http_session_priv.h"

enum step_end http_tunnel_start(struct http_session *s)
{
	struct buffer *up = s->up.buffer, *down = s->down.buffer;

	must(s->up.ready == 0 && s->head_left == 0 && s->line == NULL);
	s->is_tunnel = true;
	relay_init(&s->relay, http_session_engine(s), &s->client, &s->server->conn,
		   http_session_stats(s), s->server->service->stats);
	s->relay.has_spoken = true; /* its answer was 101 */
	relay_preload(&s->relay.client, up);
	relay_preload(&s->relay.server, down);
	return http_session_go(s, HTTP_AT_TUNNEL);
}

static enum step_end wait(struct http_session *s)
{
	s->deadline_ms = TIMER_NEVER;
	if (s->client_timeout_ms > 0)
		s->deadline_ms = s->relay.active_ms + s->client_timeout_ms;
	return STEP_WAIT;
}

enum step_end http_tunnel_run(struct http_session *s)
{
	struct stat_service *server = s->server->service->stats;

	switch (relay_run(&s->relay)) {
	case RELAY_WAIT:
		return wait(s);
	case RELAY_BUSY:
		loop_ready(&http_session_engine(s)->loop, &s->task);
		return wait(s);
	case RELAY_STARVED:
		return http_session_starve(s);
	case RELAY_SERVER_ENDED:
		http_session_leave(s);
		return STEP_NEXT;
	case RELAY_OVER:
		service_drop(s->server, false);
		s->server = NULL;
		session_face(&s->session, &s->client, NULL);
		return http_session_close(s);
	case RELAY_CLIENT_BROKEN:
		stat_add(&http_session_stats(s)->client_aborts, 1);
		return http_session_abort(s);
	case RELAY_SERVER_BROKEN:
		stat_add(&server->resets, 1);
		return http_session_abort(s);
	}
	must_not_reach();
}

enum step_end http_tunnel_late(struct http_session *s)
{
	stat_add(&http_session_stats(s)->client_timeouts, 1);
	return http_session_abort(s);
}
