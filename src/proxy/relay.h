/* SPDX-License-Identifier: Apache-2.0
 * relay.h - moves bytes between two connections, both ways, until both ends have closed.
 *
 * The two halves are the same struct, each with ->other. A half reads from its own connection and
 * writes to the other's; what the other does not take waits in the half's buffer, and the half
 * reads no further until it is gone: so a slow end slows the fast one, and a direction never holds
 * more than one buffer. Bytes in bulk go through a pipe instead and are not copied. An idle relay
 * holds neither. The end of one direction is passed on
 * (half-close).
 */
#pragma once

#include "base/check.h"
#include "conn/conn.h"
#include "engine/engine.h"
#include "record/stat.h"

#include <stdbool.h>
#include <stdint.h>

struct relay_half {
	struct conn *conn; /* borrowed */
	struct relay_half *other;
	struct buffer *buffer;             /* owned; read from conn, to be written to other->conn */
	struct tube *tube;                 /* owned; instead of a buffer while much is coming */
	struct stat_number *bytes_read;    /* from conn */
	struct stat_number *bytes_written; /* to conn */
	bool is_bulk;                      /* the last read filled the buffer */
	bool has_ended;                    /* conn sends no more, and the other end was told so */
};

/* Owner: the engine. Lies in a session. */
struct relay {
	struct engine *engine;
	struct relay_half client, server;
	struct stat_service *stats; /* borrowed */
	uint64_t active_ms;         /* when bytes moved last; for idle time-outs */
	uint32_t asked_ms;     /* when the server was written to last; the low bits of the time */
	bool has_spoken;       /* the server; true from the start: its first byte is not timed */
	bool has_server_ended; /* RELAY_SERVER_ENDED was returned */
};

enum relay_result {
	RELAY_WAIT,         /* nothing to do until an event wakes the task */
	RELAY_BUSY,         /* moved its share of this turn: mark the task again */
	RELAY_STARVED,      /* no buffer to be had: run again in a few milliseconds */
	RELAY_SERVER_ENDED, /* once: the server has said all, and at least the FIN is not yet passed
			     * on to the client; give back what the client held and run again */
	RELAY_OVER,         /* both directions ended and everything is written: close both */
	RELAY_CLIENT_BROKEN, /* reset: reset the other */
	RELAY_SERVER_BROKEN
};

/* Both connections are open and connected; their tasks wake the owner, who calls relay_run(). */
void relay_init(struct relay *relay, struct engine *engine, struct conn *client,
		struct conn *server, struct stat_vserver *vserver, struct stat_service *service);
/* Bytes that were read from an end already and still go to the other one: the buffer becomes the
 * relay's. NULL is allowed. Before the first run. */
void relay_preload(struct relay_half *from, struct buffer *buffer);
enum relay_result relay_run(struct relay *relay) MUST_USE;
/* Gives the buffers back; closes nothing. */
void relay_fini(struct relay *relay);
