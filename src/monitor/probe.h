/* SPDX-License-Identifier: Apache-2.0
 * probe.h - one question to a server, from its start to its one outcome.
 *
 * A kind of monitor fills it with life: start() opens the descriptor, events call the kind, and the
 * kind calls probe_end() exactly once. The time limit is kept here; time that we have lost does not
 * count, up to once the limit.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/loop.h"
#include "model/monitor_conf.h"
#include "monitor/capacity.h"
#include "monitor/echo.h"
#include "monitor/lateness.h"
#include "monitor/plug.h"
#include "os/program.h"
#include "os/socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_TEXT_MAX = 128 };

struct probe;
struct exchange;
struct talk_protocol;

/* A kind of monitor: one file, and one row of the table in kinds.c. */
struct monitor_kind {
	const char *name; /* as in the configuration */
	const char *help;
	/* Opens and sends what can be sent at once. May call probe_end(). */
	void (*start)(struct probe *probe);
	/* The descriptor became readable or writable. May call probe_end(). */
	void (*ready)(struct probe *probe, unsigned events);
	const struct talk_protocol *protocol; /* of kinds that are a conversation; else NULL */
	const struct monitor_kind *secure;    /* takes its place with -secure YES; NULL: itself */
	/* What start() has made is undone: also in the middle. NULL: nothing is to be done. */
	void (*stop)(struct probe *probe);
};

/* Owner: the control thread. Lies inside its monitor. */
struct probe {
	struct loop *loop; /* borrowed: outlives it */
	const struct monitor_kind *kind;
	const struct monitor_conf *conf; /* borrowed from the monitor */
	const struct address *target;    /* borrowed from the monitor */
	const char *request;             /* borrowed from the monitor: HTTP bytes to send */
	size_t request_length;
	struct watch watch;   /* fd -1: nothing open, or a plug */
	struct plugs *plugs;  /* borrowed; NULL: every TCP connection has a socket of its own */
	struct plug *plug;    /* of a TCP connection that is going on; else NULL */
	struct timer timeout; /* armed while the probe runs */
	/* Borrowed; NULL: nobody keeps it. What was lost before, and how much time was given for
	 * it. */
	struct lateness *lateness;
	uint64_t lost_before_ms;
	uint32_t given_ms;
	void (*ended)(struct probe *probe, bool is_good, const char *text);
	struct exchange *exchange; /* owned: of a conversation that is going on; else NULL */
	struct capacity capacity;  /* that the last probes told */
	bool was_silent;           /* well without an answer: no time to learn from */
	bool was_never_asked;      /* we had no descriptor or memory: says nothing of the server */
	/* The kind's own. */
	bool is_connected;
	bool may_break; /* the connection: the server awaits nothing more, RST will do as its end */
	struct echo echo;
	struct program program; /* owned */
};

void probe_init(struct probe *probe, struct loop *loop, const struct monitor_kind *kind,
		void (*ended)(struct probe *probe, bool is_good, const char *text));
void probe_start(struct probe *probe);
/* Without an outcome. Also when none runs. */
void probe_stop(struct probe *probe);
static inline bool probe_runs(const struct probe *probe)
{
	return timer_is_armed(&probe->timeout);
}

/* What a probe's plugs tell. */
void probe_event(void *probe, unsigned events);

/* For kinds. */
/* Starts to connect to the target over TCP, or ends the probe: false. */
bool probe_connect(struct probe *probe);
/* Of the connection, or what else is watched. */
static inline int probe_fd(const struct probe *probe)
{
	return probe->plug != NULL ? probe->plug->watch.fd : probe->watch.fd;
}
/* Watches a fresh descriptor, or ends the probe when fd is -errno: false. */
bool probe_watch(struct probe *probe, int fd);
/* The probe could not begin: an outcome in words; of a shortage of ours it says nothing of the
 * server. */
void probe_refuse(struct probe *probe, int err);
/* The outcome, in words: the last thing that a kind does with the probe. */
void probe_end(struct probe *probe, bool is_good, const char *format, ...) PRINTF(3, 4);
/* Whether a TCP connect has come to its end; a failed one ends the probe: false. */
bool probe_connected(struct probe *probe, unsigned events) MUST_USE;

/* The rows of kinds.c; NULL ends them. */
extern const struct monitor_kind *const monitor_kinds[];
extern const struct monitor_kind tcp_kind, ping_kind, arp_kind, nd6_kind, user_kind, http_kind;
