/* SPDX-License-Identifier: Apache-2.0
 * introduction.h - what a proxy before us says of its client, in the header of the PROXY protocol.
 *
 * It is read before anybody decides who serves the client, and only from proxies that the operator
 * trusts: from others these bytes are bytes of the client like all others. A proxy that says
 * something else, or nothing in time, loses its connection. Who is waited for holds no use of any
 * limit.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/list.h"
#include "conn/proxy_protocol.h"
#include "engine/loop.h"

#include <stdbool.h>

struct conn;
struct proxy;
struct server_conn;
struct session;
struct vserver;

/* Owner: the engine, from its slab; the session's once the client is served. */
struct introduction {
	struct list link; /* in proxy->introductions while it is read */
	struct proxy *proxy;
	struct vserver *reached; /* held while it is read */
	struct watch watch;      /* the client's connection while it is read */
	struct task task;
	struct timer timer;
	bool has_ended;        /* no more bytes will come */
	struct address client; /* who it is: as the header says, or else the peer of the socket */
	struct proxy_protocol header;
	struct loop_free free_later;
};

/* Whether a client with that address on its socket has to be introduced. */
bool introduction_is_due(const struct vserver *reached, const struct address *peer);
/* Reads it, and hands the client over with proxy_introduced(), at once when it is there already.
 * The descriptor is the introduction's until then. */
void introduction_start(struct proxy *proxy, struct vserver *reached, int fd,
			const struct address *peer);
/* NULL is allowed: a client that nobody introduced. */
void introduction_free(struct introduction *introduction);
/* The engine stops or drains: those that are being read are closed. */
void introduction_close_all(struct proxy *proxy);

/* On a connection to a server that has just come about: the header that its service wants, if any.
 * False: the connection is not good for anything. */
bool introduction_send(const struct session *session, const struct conn *client,
		       struct server_conn *server) MUST_USE;

static inline const struct trail *introduction_trail(const struct introduction *introduction)
{
	return introduction != NULL ? &introduction->header.trail : NULL;
}
