/* SPDX-License-Identifier: Apache-2.0
 * session.h - what every session of the data plane has, whatever it speaks: its place among the
 * others, the virtual server it belongs to, and the ways to end it from outside.
 *
 * It lies first inside the session of its kind. MESSAGE_CUT_SERVICE needs nothing of it: there the
 * session sees its server connection break.
 */
#pragma once

#include "base/check.h"
#include "base/list.h"

struct arrival;
struct conn;
struct introduction;
struct proxy;
struct server_conn;
struct vserver;

enum session_drain {
	SESSION_DRAIN, /* the engine drains */
	SESSION_FLUSH  /* its virtual server went down: what is under way there is cut, and who has
			* yet to ask is answered. Without a drain() the session is cut */
};

struct session;

/* What sessions of one kind do. Immutable. */
struct session_kind {
	/* Ends the session at once; resets towards a client that waits for bytes. session_close()
	 * was called when this returns; the memory is freed at the end of the turn. */
	void (*cut)(struct session *session);
	/* The engine drains: end now when nothing is under way, else after the present request.
	 * NULL: the session goes on to its own end. May be called more than once. */
	void (*drain)(struct session *session, enum session_drain why);
};

/* Owner: the engine. */
struct session {
	const struct session_kind *kind;
	struct list link; /* in proxy->all_sessions, from session_open() to session_close() */
	struct proxy *proxy;
	struct vserver *serving; /* held: the slot outlives the session. Refusals: who refuses */
	struct introduction *introduction; /* owned; NULL: nobody introduced the client */
};

/* Makes it known: counts and links it, holds `serving`, owns the introduction from now on. The
 * caller has set `kind`, and taken over the rest of the arrival. */
void session_open(struct session *session, struct proxy *proxy, struct vserver *serving,
		  const struct arrival *arrival);
/* Undoes all of that; the memory is the caller's still. Does not admission_leave(). */
void session_close(struct session *session);

/* `server` (NULL: nobody any more) is the other end of the client: what both send counts for its
 * service as for the virtual server and the appliance. Without one, what the client sends for the
 * latter two only. */
void session_face(const struct session *session, struct conn *client, struct server_conn *server);

static inline struct session *session_of_link(struct list *link)
{
	return list_entry(link, struct session, link);
}
