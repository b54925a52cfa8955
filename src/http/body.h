/* SPDX-License-Identifier: Apache-2.0
 * body.h - finds the end of a message body and takes the chunks off it.
 *
 * Chunked content is decoded in place: the data of many small chunks in one read comes out as one
 * piece. Extensions are checked and dropped. Trailers are read as fields: those that must not be
 * trailers (framing, routing, authentication: RFC 9110, 6.5.1) are refused with the message.
 */
#pragma once

#include "http/h1.h"

enum body_state { BODY_DATA, BODY_TRAILERS, BODY_END, BODY_BAD };

enum {
	BODY_EXTENSION_MAX = 256, /* bytes of the extensions of one chunk */
	BODY_TRAILERS_MAX = 8192  /* bytes of the trailer section */
};

/* Zero-initialised by body_begin(); copies no bytes of the message. */
struct body {
	enum h1_framing framing;
	enum body_state state;
	uint64_t left;       /* of the length, or of the chunk being read */
	uint8_t step;        /* inside a chunk */
	uint8_t digits;      /* of the chunk's size */
	uint16_t line_bytes; /* of the chunk's extension so far: bounded */
	struct h1_scan scan; /* of the trailers */
};

void body_begin(struct body *body, enum h1_framing framing, uint64_t length);

/* Reads from bytes[0..length). On return *used bytes of the input were consumed and the first
 * *data bytes of `bytes` hold content (moved together in place; *data <= *used). The state says
 * whether more is expected. With BODY_TRAILERS the trailer section starts at bytes[*used]: call
 * body_trailers() with everything from there until it is done. UNTIL_CLOSE never ends by itself. */
void body_read(struct body *body, char *bytes, size_t length, size_t *used, size_t *data,
	       struct h1_fault *fault);

/* The trailer section, up to its empty line: H1_DONE sets the state to BODY_END and *used. Longer
 * than BODY_TRAILERS_MAX or more than fields_max (at most H1_FIELDS_MAX): refused with 431. */
enum h1_result body_trailers(struct body *body, const char *bytes, size_t length, size_t *used,
			     struct h1_field fields[], unsigned fields_max, unsigned *field_count,
			     struct h1_fault *fault) MUST_USE;

static inline bool body_is_over(const struct body *body)
{
	return body->state == BODY_END;
}
