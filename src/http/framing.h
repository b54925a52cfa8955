/* SPDX-License-Identifier: Apache-2.0
 * framing.h - where a message's body ends: Content-Length, Transfer-Encoding or the close.
 *
 * RFC 9112, 6.3, without its leniencies. Refused: both fields, either of them twice, a length that
 * is not digits only or is above 2^63 - 1, any transfer coding but one "chunked", and any at all
 * in HTTP/1.0. Codings before a final "chunked" are 501 in a request, the rest is 400.
 */
#pragma once

#include "http/field.h"
#include "http/h1.h"

#define FRAMING_LENGTH_MAX ((uint64_t)INT64_MAX)

enum h1_result framing_of_request(struct h1_request *request, const struct field_census *census,
				  struct h1_fault *fault) MUST_USE;
/* Reads status, minor and fields; sets framing and body_length. `body_length` is that of the
 * Content-Length field also when the answer has no body. */
enum h1_result framing_of_response(struct h1_response *response, const struct field_census *census,
				   enum h1_method method, struct h1_fault *fault) MUST_USE;
