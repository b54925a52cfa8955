/* SPDX-License-Identifier: Apache-2.0
 * listener.h - takes new clients of one listening socket on one engine.
 *
 * The socket belongs to control. When descriptors or memory run out the listener pauses, tells
 * control once (MESSAGE_ACCEPT_PAUSED; once an engine, however many listeners), and tries again by
 * timer; clients wait in the kernel's queue meanwhile.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/engine.h"

#include <stdbool.h>

enum {
	LISTENER_BATCH = 64,   /* clients taken in one turn, at most */
	LISTENER_PATIENCE = 4, /* turns in a row that a batch must fill before it grows */
	LISTENER_RETRY_MS = 50
};

/* Owner: the engine. Must live until the end of the turn in which it was closed. */
struct listener {
	struct watch watch;
	struct engine *engine; /* borrowed: outlives it */
	struct task task;
	struct timer retry; /* armed while it is paused */
	/* Asking an empty queue costs half as much as taking a client (the kernel makes a socket
	 * first), so it is asked for one, and for more only while a burst goes on. */
	unsigned batch, filled; /* clients a turn; turns in a row that brought so many */
	uint64_t last_turn;
	/* The descriptor is the callee's: open, non-blocking. May close the listener. So many more
	 * will follow at once. */
	void (*accepted)(struct listener *listener, int fd, const struct address *peer,
			 unsigned following);
	void *owner; /* the callee's own; not looked at */
};

/* Watches `fd` (listening, non-blocking). 0 or -errno. */
int listener_open(struct listener *listener, struct engine *engine, int fd,
		  void (*accepted)(struct listener *listener, int fd, const struct address *peer,
				   unsigned following),
		  void *owner) MUST_USE;
/* No more clients; the descriptor stays open, it is control's. Also when closed already. */
void listener_close(struct listener *listener);

static inline bool listener_is_open(const struct listener *listener)
{
	return listener->watch.fd >= 0;
}
static inline bool listener_is_paused(const struct listener *listener)
{
	return timer_is_armed(&listener->retry);
}
