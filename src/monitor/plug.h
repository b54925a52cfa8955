/* SPDX-License-Identifier: Apache-2.0
 * plug.h - TCP sockets that go from probe to probe and from server to server.
 *
 * At the end of a probe its socket is not closed but disconnected (connect() to AF_UNSPEC, POSIX:
 * "reset the peer address"), for which the server gets RST; the next probe connects it again. It
 * stays registered with the loop meanwhile. Spared are socket(), epoll_ctl() and close(), a third
 * of what a probe costs, and the minute that a port stays in TIME_WAIT. The kernel chooses a new
 * port each time, and throws away what was received.
 *
 * Not for link-local and IPv4-mapped targets: the kernel binds a socket to such a one for good
 * (its device, its family).
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/list.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct plug;
/* As of a struct watch, and only while it is plugged in. */
typedef void plug_fn(void *owner, unsigned events);

/* Owner: the loop's thread. Lies at its plugs, or in use; freed by what closes it. */
struct plug {
	struct watch watch;
	struct plugs *plugs;
	uint64_t turn; /* in which it was plugged in: what this turn brings is of before */
	void *owner;   /* NULL: idle */
	bool is_v6;
	struct list link; /* while idle */
	struct loop_free free_later;
};

enum { PLUGS_IDLE_MAX = 512 }; /* of one family; what is more is closed */

/* Those of one loop. Owner: the loop's thread. */
struct plugs {
	struct loop *loop;
	plug_fn *ready;
	struct list idle[2]; /* IPv4, IPv6; the last used one first */
	uint32_t idle_count[2];
};

void plug_pool_init(struct plugs *plugs, struct loop *loop, plug_fn *ready);
void plug_pool_fini(struct plugs *plugs); /* all are idle */

/* Whether a plug may be used for it. */
bool plug_suits(const struct address *to);
/* Starts to connect; *plug is NULL at -errno. `owner` is told what happens. */
int plug_in(struct plugs *plugs, const struct address *to, void *owner,
	    struct plug **plug) MUST_USE;
/* The server gets RST. The plug is the caller's no more. */
void plug_out(struct plug *plug);
/* Likewise, but the server gets an orderly end. */
void plug_close(struct plug *plug);
