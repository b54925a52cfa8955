/* SPDX-License-Identifier: Apache-2.0
 * origin.h - the built-in origin server: something to balance to, for demonstrations, tests and
 * measurements. Answers at once or holds, counts what it sees, and tells it at /stats.
 *
 * HTTP/1.1 with keep-alive and pipelining. A request may carry in its query: hold=MS, size=BYTES,
 * status=N, chunked=1, trailer=1 (chunked too), close=1, each overriding the options below. Paths:
 *   /stats   JSON: name, connections (now), connections_peak, connections_total, requests,
 *            requests_active, requests_active_peak, received (bytes of bodies)
 *   /echo    the head and the body of the request, as text (at most 16 MiB)
 *   others   "NAME\n", or exactly `size` bytes; X-Received says how long the request's body was
 * A connection counts from its first request that is not /stats until it is closed, so that who
 * only asks for /stats and who only connects (a TCP monitor) are not counted; no /stats request
 * counts. A request whose client leaves while it is held is dropped. A request with an Upgrade
 * field is answered with 101, and its connection echoes bytes from then on. Not for the open
 * Internet.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

enum { ORIGIN_THREADS_MAX = 64 };

/* Zero is a good default for all but `listen` and `name`. */
struct origin_options {
	struct address listen;
	const char *name; /* borrowed while it runs; "origin" when NULL */
	unsigned hold_ms; /* time between the end of a request and its answer */
	bool has_size;    /* the body has `size` bytes instead of the name */
	uint64_t size;
	unsigned threads; /* 0: one; more share the port (SO_REUSEPORT) and the counters */
	bool is_tcp;      /* no HTTP: echoes bytes, with half-close */
	bool greets;      /* with is_tcp: the name and a line end are sent first */
};

/* Serves until SIGTERM or SIGINT; prints one line "NAME listens on ADDR:PORT" once it does (port
 * 0 takes a free one). Returns the exit code: 0, or 1 when it cannot listen (said on stderr). */
int origin_run(const struct origin_options *options) MUST_USE;
