/* SPDX-License-Identifier: Apache-2.0
 * field.h - reads a field section, of a head or of trailers, and knows the names that matter.
 *
 * Strict RFC 9112, 5: every line ends with CR LF, no white space before the colon, no folding, no
 * control byte but tab. A name that only an underscore keeps from being Content-Length or
 * Transfer-Encoding is refused: gateways behind us may take it for the real one.
 */
#pragma once

#include "http/h1.h"

enum { FIELD_IDS = H1_FIELD_HTTP2_SETTINGS + 1 };

/* How many fields of an id there are and which is the last of them. */
struct field_census {
	uint8_t count[FIELD_IDS];
	uint8_t last[FIELD_IDS];
};

/* Reads up to and with the empty line and moves *at behind it. Nothing is moved without
 * H1_DONE. `census` counts fields with an id; `max` is at most H1_FIELDS_MAX, more are 431. */
enum h1_result field_read_all(const char **at, const char *end, struct h1_field fields[],
			      unsigned max, unsigned *count, struct field_census *census,
			      struct h1_fault *fault) MUST_USE;

enum h1_field_id field_id(struct str name);

/* Equal without regard to case, and with "_" as good as "-": what a gateway may confuse. */
bool field_is_spelled(struct str a, struct str b);

/* Takes the next element off a comma-separated list, trimmed; empty ones are skipped (RFC 9110,
 * 5.6.1.2). False at the end. */
bool field_next_element(struct str *list, struct str *element);
