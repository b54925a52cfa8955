/* SPDX-License-Identifier: Apache-2.0
 * conn.h - one byte-stream connection of one engine, to a client or to a server.
 *
 * Edge-triggered underneath: an event only sets can_read, can_write, is_broken and marks the
 * owner's task; the owner then reads and writes until CONN_WAIT. A conn lies inside its owner and
 * is closed at once by conn_close(); the owner's memory must outlive the turn.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum conn_io {
	CONN_DONE,  /* some bytes were moved */
	CONN_WAIT,  /* none now: the task will be marked when that changes */
	CONN_EOF,   /* reading: the peer will send no more */
	CONN_BROKEN /* reset or another error; error says which. Only close is left, but what came
		     * before a write broke can still be read */
};

struct conn;

/* Who says how much a connection may read, while engine.meters_on says that there is a limit at
 * all. Lies in its owner, and outlives the connection or is taken away before. */
struct conn_meter {
	/* How many of `wanted` bytes may be read now; 0: none, conn->task is marked when that
	 * changes, and conn->paced may be in a list meanwhile. */
	size_t (*allow)(struct conn_meter *meter, struct conn *conn, size_t wanted);
	/* So many of those were not read. */
	void (*unused)(struct conn_meter *meter, size_t bytes);
};

/* Owner: the engine. */
struct conn {
	struct watch watch;    /* watch.fd is the socket; -1: closed */
	struct engine *engine; /* borrowed: outlives every conn */
	struct task *task;     /* borrowed: whom an event wakes; may change hands */
	int error;             /* errno of the break; 0: none */
	bool can_read : 1, can_write : 1;
	bool is_connecting : 1;
	bool is_broken : 1; /* an error event came: reads may still bring bytes, then CONN_BROKEN */
	bool is_ending : 1; /* the end of the peer's half is in the socket: read until CONN_EOF */
	bool has_eof : 1;   /* the peer closed its half */
	bool is_urgent : 1; /* it has sent urgent bytes: a short read says nothing */
	bool is_drained : 1;      /* all was read, and the end is next */
	bool is_shut : 1;         /* we closed our half */
	bool holds_bytes : 1;     /* the last ones, in the socket, until the end goes with them */
	struct conn_meter *meter; /* borrowed; NULL: reads what comes */
	struct list paced;        /* of the meter */
};

/* Nobody says any more how much it may read. */
void conn_unmeter(struct conn *conn);

/* Closed, with nothing in it: conn_is_open() is false, conn_close() is allowed. */
void conn_init(struct conn *conn);
/* Takes over an accepted socket. 0 or -errno (then the socket is still the caller's). Reads at once
 * are worth a try: can_read and can_write start true. */
int conn_open(struct conn *conn, struct engine *engine, int fd, struct task *task) MUST_USE;
/* Likewise, for one that has hardly said anything yet: the first read waits for its event. */
int conn_open_silent(struct conn *conn, struct engine *engine, int fd, struct task *task) MUST_USE;
/* As conn_open(), for a client that may be gone soon: its events are asked for when something has
 * to be waited for, or a little later (loop_watch_later()). */
void conn_open_late(struct conn *conn, struct engine *engine, int fd, struct task *task);
/* Its owner waits for an event: every CONN_WAIT does that by itself. */
void conn_await(struct conn *conn);
/* Starts to connect; is_connecting until the first write event. 0 or -errno. */
int conn_connect(struct conn *conn, struct engine *engine, const struct address *to,
		 const struct address *source, struct task *task) MUST_USE;
/* After an event on a connecting one: CONN_DONE connected, CONN_WAIT not yet, CONN_BROKEN. */
enum conn_io conn_connected(struct conn *conn) MUST_USE;

/* At most `room` bytes; *done says how many. A short read means the socket is drained. */
enum conn_io conn_read(struct conn *conn, void *bytes, size_t room, size_t *done) MUST_USE;
/* As much as the socket takes; *done says how many bytes. CONN_DONE: all of them; CONN_WAIT: fewer,
 * perhaps none. Never raises SIGPIPE. */
enum conn_io conn_write(struct conn *conn, const struct iovec *parts, int count,
			size_t *done) MUST_USE;
/* Likewise, and once all of it is written conn_shutdown() or conn_close() follows at once: the
 * bytes may wait for that and go in one packet with the end. */
enum conn_io conn_write_last(struct conn *conn, const struct iovec *parts, int count,
			     size_t *done) MUST_USE;
/* Reads into the tube, whose bytes nobody looks at. CONN_WAIT with bytes in the tube: it is full,
 * perhaps; without: as conn_read(). */
enum conn_io conn_read_tube(struct conn *conn, struct tube *tube, size_t *done) MUST_USE;
/* As conn_write(), from the tube. */
enum conn_io conn_write_tube(struct conn *conn, struct tube *tube, size_t *done) MUST_USE;
void conn_shutdown(struct conn *conn); /* FIN after what was written; once */
void conn_close(struct conn *conn);    /* also when closed already */
void conn_reset(struct conn *conn);    /* close with RST */

static inline bool conn_is_open(const struct conn *conn)
{
	return conn->watch.fd >= 0;
}
