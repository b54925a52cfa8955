/* SPDX-License-Identifier: Apache-2.0
 * hop.h - what Connection says: about the connection, and which fields end with this hop.
 *
 * RFC 9110, 7.6.1: a field that Connection names is meant for us only and is not forwarded. But a
 * sender must not name a field that is meant for all recipients, and whoever does so wants us to
 * take away what protects the server behind us. So naming Host or Content-Length is refused, and
 * naming another field that matters to the other end (authentication, cookies, caching, content,
 * who the client is) has no effect: that field stays.
 */
#pragma once

#include "http/field.h"
#include "http/h1.h"

struct hop_options {
	bool closes, keeps_alive, upgrades;
	unsigned named; /* other fields, of which there may be 32 */
};

/* Marks the named fields with is_hop. */
enum h1_result hop_read(struct h1_field fields[], unsigned count, const struct field_census *census,
			struct hop_options *options, struct h1_fault *fault) MUST_USE;

/* The Upgrade field when it may be acted on: there is exactly one, not empty and without h2c
 * (RFC 9113 has taken that back, and a tunnel would carry what nobody has looked at). Else an
 * empty text. */
struct str hop_upgrade(const struct h1_field fields[], const struct field_census *census);
