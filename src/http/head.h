/* SPDX-License-Identifier: Apache-2.0
 * head.h - writes the heads of HTTP/1 messages: anew from the fields, never a copy of the lines.
 *
 * Every writer says how many bytes it needs at most before it is called; writing itself cannot
 * fail. Nothing that came from outside is written but what the reader let pass.
 */
#pragma once

#include "http/h1.h"

/* How the body is framed towards the receiver. */
struct head_framing {
	enum h1_framing framing; /* H1_UNTIL_CLOSE only in answers to HTTP/1.0 */
	uint64_t length;
};

struct head_extra {
	struct str name, value;
};

/* Bytes that are enough for the head with the extra fields. */
size_t head_request_room(const struct h1_request *request, const struct head_extra *extra,
			 unsigned extra_count);
/* Request line in origin-form, HTTP/1.1, Host first (from authority), end-to-end fields in their
 * order, the framing, the extra fields, and Connection/Upgrade when `upgrades`. A field of the
 * client that has the name of an extra one is dropped, in every spelling ("_" for "-" too:
 * identity cannot be forged). Trailer goes on with chunked content only. Returns the bytes
 * written. */
size_t head_write_request(char *to, const struct h1_request *request, struct head_framing framing,
			  const struct head_extra *extra, unsigned extra_count, bool upgrades);

size_t head_response_room(const struct h1_response *response, const struct head_extra *extra,
			  unsigned extra_count);
/* Status line HTTP/1.1, end-to-end fields, framing (the origin's Content-Length is kept for HEAD
 * and 304), the extra fields, and "Connection: close" when `closes`, "Connection: keep-alive" when
 * the client speaks HTTP/1.0 and it goes on. A 1xx says nothing about the connection, but 101
 * names the protocol that it switches to. */
size_t head_write_response(char *to, const struct h1_response *response,
			   struct head_framing framing, const struct head_extra *extra,
			   unsigned extra_count, unsigned client_minor, bool closes);

/* What ends chunked content: the last chunk, the trailer fields that go on, the empty line. Those
 * with the name of an extra field are dropped here too. */
size_t head_trailers_room(const struct h1_field fields[], unsigned count);
size_t head_write_trailers(char *to, const struct h1_field fields[], unsigned count,
			   const struct head_extra *extra, unsigned extra_count);

enum { HEAD_CHUNK_ROOM = 20 };
/* "<hex>\r\n" before `length` bytes of a chunk; returns the bytes written. */
size_t head_write_chunk(char to[HEAD_CHUNK_ROOM], uint64_t length);

/* A whole answer of our own with a short plain body: "503 Service Unavailable" and the like, which
 * is the body too when `body` is NULL. `extra` may hold Location or Retry-After. `room` is at least
 * 512. An extra field that does not fit is left out and a longer body is cut. Returns the bytes
 * written, at most `room`. */
enum { HEAD_ANSWER_ROOM = 4096 };
size_t head_write_answer(char *to, size_t room, int status, const char *body,
			 const struct head_extra *extra, unsigned extra_count, bool is_head,
			 bool closes);
const char *head_reason(int status); /* "Service Unavailable"; "" for unknown ones */
