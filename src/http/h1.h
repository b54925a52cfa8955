/* SPDX-License-Identifier: Apache-2.0
 * h1.h - reads the head of an HTTP/1 message: strict RFC 9110 and 9112, without copies.
 *
 * Incremental: called again with the same bytes and more of them, it looks again only when a line
 * has become whole, so a head costs at most one look a line. What is ambiguous is refused, never
 * repaired: see h1_fault. Fields point into the caller's bytes and live as long as those. A request
 * or response is valid only after H1_DONE; it needs no preparation, and what it does not use of
 * `fields` stays as it was.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { H1_FIELDS_MAX = 128 };

enum h1_result {
	H1_DONE, /* the head is whole */
	H1_MORE, /* good so far, the rest has not arrived */
	H1_BAD   /* refused: h1_fault says why, and which status a client is answered with */
};

enum h1_method {
	H1_GET,
	H1_HEAD,
	H1_POST,
	H1_PUT,
	H1_DELETE,
	H1_OPTIONS,
	H1_TRACE,
	H1_PATCH,
	H1_CONNECT,
	H1_OTHER
};

/* Fields that mean something to a proxy; everything else is H1_FIELD_OTHER. */
enum h1_field_id {
	H1_FIELD_OTHER,
	H1_FIELD_HOST,
	H1_FIELD_CONNECTION,
	H1_FIELD_KEEP_ALIVE,
	H1_FIELD_PROXY_CONNECTION,
	H1_FIELD_PROXY_AUTHENTICATE,
	H1_FIELD_PROXY_AUTHORIZATION,
	H1_FIELD_TE,
	H1_FIELD_TRAILER,
	H1_FIELD_TRANSFER_ENCODING,
	H1_FIELD_UPGRADE,
	H1_FIELD_CONTENT_LENGTH,
	H1_FIELD_EXPECT,
	H1_FIELD_VIA,
	H1_FIELD_COOKIE,
	H1_FIELD_SET_COOKIE,
	H1_FIELD_HTTP2_SETTINGS
};

struct h1_field {
	struct str name, value; /* value without white space at its ends */
	enum h1_field_id id;
	bool is_hop; /* hop-by-hop, or named by Connection: not forwarded */
};

/* How the end of the message's body is found. */
enum h1_framing {
	H1_NO_BODY,
	H1_LENGTH, /* body_length bytes */
	H1_CHUNKED,
	H1_UNTIL_CLOSE /* responses only */
};

/* Why a message was refused, in words for the log, and what to answer. */
struct h1_fault {
	int status;       /* 400, 413, 414, 417, 431, 501, 505 */
	const char *what; /* program lifetime */
};

/* Sets the fault; for use as `return h1_refuse(...)`. */
static inline enum h1_result h1_refuse(struct h1_fault *fault, int status, const char *what)
{
	fault->status = status;
	fault->what = what;
	return H1_BAD;
}

/* Where an incremental read stands; zero before the first byte of each message. */
struct h1_scan {
	size_t seen; /* bytes that were there at the last call */
};

struct h1_request {
	enum h1_method method;
	struct str method_text;
	struct str target;    /* as it stood on the request line */
	struct str path;      /* origin-form to send on: path and query; "*" for OPTIONS. May be
			       * a constant when an absolute target has no path */
	struct str authority; /* the host that the request is for: Host, or of an absolute target */
	unsigned minor;       /* HTTP/1.minor: 0 or 1 */
	struct h1_field fields[H1_FIELDS_MAX];
	unsigned field_count;
	enum h1_framing framing;
	uint64_t body_length;
	bool keeps_alive;      /* the client wants the connection to go on */
	bool expects_continue; /* Expect: 100-continue */
	bool wants_upgrade;    /* Connection: upgrade with one Upgrade field, no h2c, no body */
	struct str upgrade;    /* empty unless it does */
	bool accepts_trailers; /* TE: trailers */
	size_t head_length;    /* bytes up to and with the empty line */
};

struct h1_response {
	unsigned status;
	struct str reason;
	unsigned minor;
	struct h1_field fields[H1_FIELDS_MAX];
	unsigned field_count;
	enum h1_framing framing; /* for the method that it answers */
	uint64_t body_length;
	bool keeps_alive;
	bool switches;      /* 101 */
	struct str upgrade; /* empty unless it does */
	size_t head_length;
};

/* `head_max`: a longer head is refused with 431 (or 414 when the request line alone is longer).
 * Empty lines before a request line are skipped (at most two) and count into head_length. */
enum h1_result h1_read_request(struct h1_scan *scan, const char *bytes, size_t length,
			       size_t head_max, struct h1_request *request,
			       struct h1_fault *fault) MUST_USE;
/* `method` is the one that is answered: it decides about the body. */
enum h1_result h1_read_response(struct h1_scan *scan, const char *bytes, size_t length,
				size_t head_max, enum h1_method method,
				struct h1_response *response, struct h1_fault *fault) MUST_USE;
