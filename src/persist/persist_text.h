/* SPDX-License-Identifier: Apache-2.0
 * persist_text.h - one text out of a request: what -rule names, and cookies; and what such a text
 * may say.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "http/h1.h"
#include "model/extract.h"

/* Points into the request, undecoded. Length 0: there is no such text. EXTRACT_SOURCE is not of
 * the request and gives none. */
struct str persist_text(const struct h1_request *request, const struct extract *extract);
/* The value of the cookie of that name; the first one when there are more. */
struct str persist_text_cookie(const struct h1_request *request, struct str name);

/* Hexadecimal digits to bytes; false when there are others, or not as many. */
bool persist_text_bytes(struct str text, unsigned char *bytes, size_t count) MUST_USE;
/* Who is named for URLPASSIVE. "7F0000010050": address and port as hexadecimal digits; 36 of them
 * with IPv6. */
bool persist_text_place(struct str text, struct address *place) MUST_USE;
