/* SPDX-License-Identifier: Apache-2.0
 * http_session_priv.h - the state of an HTTP session and the steps of its road.
 *
 * The road is the table in http_session.c; only its driver calls the steps. A step does its work,
 * sets session->at and says NEXT, or says WAIT until an event or the deadline runs it again, or
 * OVER when it has ended the session. What a step learns from a head it keeps in a few flags: the
 * parsed head itself lies in the engine's scratch and holds for one run of the driver only.
 */
#pragma once

#include "base/address.h"
#include "conn/conn.h"
#include "http/h1.h"
#include "http/head.h"
#include "proxy/http_steps_priv.h"
#include "proxy/lane.h"
#include "proxy/proxy.h"
#include "proxy/queue.h"
#include "proxy/relay.h"
#include "proxy/session.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

enum http_at {
	HTTP_AT_IDLE,
	HTTP_AT_REQUEST,
	HTTP_AT_ADMIT,
	HTTP_AT_QUEUE,
	HTTP_AT_CHOOSE,
	HTTP_AT_LINE,
	HTTP_AT_CONNECT,
	HTTP_AT_SEND,
	HTTP_AT_EXCHANGE,
	HTTP_AT_ANSWER,
	HTTP_AT_DONE,
	HTTP_AT_LINGER,
	HTTP_AT_TUNNEL,
	HTTP_AT_COUNT
};

enum {
	HTTP_HEAD_MAX = 61440,         /* a head must fit into the largest buffer */
	HTTP_CONNECTS_MAX = 8,         /* tries to reach a server for one request */
	HTTP_LINE_TIMEOUT_MS = 30000,  /* waiting for a use of a full service */
	HTTP_LINGER_TIMEOUT_MS = 2000, /* reading on so that the client sees our last answer */
	HTTP_LINGER_BYTES_MAX = 262144,
	HTTP_STEPS_MAX = 256, /* of one session in one run, likewise */
	HTTP_ROUNDS_MAX = 16 /* reads of one direction in one run, so that others have their turn */
};

/* Owner: the engine. */
struct http_session {
	struct session session; /* first */
	struct task task;
	union {
		struct timer timer; /* armed for deadline_ms or earlier: moved only when it fires */
		struct loop_free free_later; /* when it is over */
	};
	uint64_t deadline_ms; /* the step's late() runs then */
	struct conn client;
	struct vserver *by; /* serves the present request: session.serving, or a backup; held */
	struct server_conn *server; /* held from service_get() to put or drop */
	struct server_conn *kept;   /* idle, for this client only: service_keep() */
	struct service *line;       /* whose line `waiter` stands in; NULL: none */
	union {
		struct queued_request *queued; /* HTTP_AT_QUEUE: its place in line */
		uint64_t tried;                /* members that failed for this request */
	};
	union {
		struct {
			struct lane up, down; /* client to server, server to client */
			struct h1_scan scan;  /* of the head that is being read */
			struct line_waiter waiter;
		};
		struct relay relay; /* HTTP_AT_TUNNEL */
	};
	struct vserver *reached; /* held; may be another one than serves */
	struct address peer;
	uint32_t
		head_left; /* of the raw bytes in `up`: the request's head, kept to be sent again */
	uint32_t client_timeout_ms;
	uint32_t lingered; /* bytes thrown away */
	uint32_t asked_ms; /* when the request asked to be admitted, then when the server was
			      written to last; the low bits of the time */
	uint8_t at;        /* enum http_at */
	uint8_t method;    /* enum h1_method; of the present request */
	uint8_t minor;     /* of the client's version */
	uint8_t connects;  /* tries for this request */
	int16_t fault;     /* what the client is told when no server can be had: 503 or 504 */
	bool has_use : 1;  /* of serving's pool: to be left once */
	bool is_refusal : 1;
	bool redirects : 1;    /* a refusal with 302 */
	bool has_begun : 1;    /* part of a head has come, and the deadline is for the rest of it */
	bool is_active : 1;    /* the request is admitted: http_admit_over() */
	bool is_spilled : 1;   /* the request is not admitted: our answer is no fault */
	bool closes : 1;       /* after the present answer */
	bool was_asked : 1;    /* a request has come over it */
	bool may_reuse : 1;    /* of server connections, for this request */
	bool may_repeat : 1;   /* the request, when a reused connection ends before any answer */
	bool upgrades : 1;     /* the request went out with Upgrade */
	bool has_answered : 1; /* bytes of the final answer went out */
	bool up_is_dead : 1;   /* the server takes no more of the request */
	bool server_stays : 1; /* can be used again after the answer */
	bool is_starved : 1;   /* no buffer: look again soon */
	bool is_tunnel : 1;    /* `relay` is the union's member */
	bool has_moved : 1;    /* bytes moved in this run */
	bool gives_cookie : 1; /* of persistence, with the answer */
	bool gives_spill_cookie : 1; /* likewise */
};

_Static_assert(sizeof(struct http_session) <= 448, "an idle client costs too much");

/* Parsed heads and the texts around a piece: of the engine, for the length of one run. */
struct http_scratch {
	const struct http_session *parsed; /* whose request lies here */
	struct h1_request request;
	struct h1_response response;
	struct h1_field trailers[H1_FIELDS_MAX];
	char before[LANE_BULK + LANE_SLACK + HEAD_CHUNK_ROOM];
	char after[LANE_BULK + LANE_SLACK];
};

struct http_scratch *http_session_scratch(void);

static inline struct engine *http_session_engine(const struct http_session *s)
{
	return s->session.proxy->engine;
}

static inline struct buffer_pool *http_session_buffers(const struct http_session *s)
{
	return &s->session.proxy->engine->buffers;
}

static inline struct stat_vserver *http_session_stats(const struct http_session *s)
{
	return s->session.serving->stats;
}

/* The engine drains, or the virtual server is configured no more: the client may not ask again. */
static inline bool http_session_is_leaving(const struct http_session *s)
{
	return s->session.proxy->is_draining || !s->session.serving->is_configured;
}

/* http_session.c */
enum step_end http_session_go(struct http_session *s, enum http_at at);
/* From now on; arms the timer only when it would fire too late. */
void http_session_set_deadline(struct http_session *s, uint64_t timeout_ms);
/* The use goes back; once. */
void http_session_leave(struct http_session *s);
/* Ends the session: with FIN, or with RST both ways. */
enum step_end http_session_close(struct http_session *s);
enum step_end http_session_abort(struct http_session *s);
/* LANE_STARVED: comes back in a few milliseconds. */
enum step_end http_session_starve(struct http_session *s);

/* Reading and writing with everything counted. */
enum lane_result http_session_read_client(struct http_session *s, size_t room) MUST_USE;
enum lane_result http_session_read_server(struct http_session *s) MUST_USE;
enum lane_result http_session_write_client(struct http_session *s,
					   const struct lane_piece *piece) MUST_USE;
enum lane_result http_session_write_server(struct http_session *s, const struct lane_piece *piece,
					   bool *sent_none) MUST_USE;
