/* SPDX-License-Identifier: Apache-2.0
 * target.h - what a request asks for: the target on its line, and whose it is (RFC 9112, 3.2).
 *
 * Origin-form, absolute-form with http or https, and "*" for OPTIONS. No user information, no
 * authority-form: CONNECT is answered with 501 before it comes to this. The characters that RFC
 * 3986 leaves out but clients send ("|", "{", the quotation mark) pass as they are.
 */
#pragma once

#include "http/h1.h"

/* Splits request->target into path and authority (empty unless absolute). */
enum h1_result target_read(struct h1_request *request, struct h1_fault *fault) MUST_USE;

/* host [":" port]: a name, an IPv4 address or an IPv6 address in brackets; not empty. */
bool target_is_host(struct str text);
