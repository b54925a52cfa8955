/* SPDX-License-Identifier: Apache-2.0
 * http_rules.h - what RFC 9110 and 9112 let a gateway do with a message: pure decisions.
 */
#pragma once

#include "base/check.h"
#include "http/h1.h"
#include "http/head.h"

#include <stdbool.h>

/* Whether a request may be sent once more when the connection ended before any answer: idempotent
 * (RFC 9110, 9.2.2) and without a body that would be gone. */
bool http_rules_may_repeat(const struct h1_request *request);

/* 0, or the status that refuses a request that is well-formed but that a reverse proxy does not
 * serve. */
int http_rules_refusal(const struct h1_request *request);

/* How an answer's body is framed for a client of HTTP/1.minor. */
struct head_framing http_rules_framing(const struct h1_response *response, unsigned client_minor);

/* Whether the server's connection can be used again after the answer. */
bool http_rules_server_stays(const struct h1_response *response);

enum http_interim {
	HTTP_FINAL,  /* it is the answer */
	HTTP_RELAY,  /* 1xx: pass on, the answer is still to come */
	HTTP_SKIP,   /* 1xx that the client's version does not know */
	HTTP_SWITCH, /* 101 that the client asked for */
	HTTP_WRONG   /* 101 that nobody asked for, or that came too early */
};

/* `asked`: the request was sent on with Upgrade; `is_sent`: to its last byte. */
enum http_interim http_rules_interim(const struct h1_response *response, unsigned client_minor,
				     bool asked, bool is_sent);
