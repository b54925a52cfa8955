/* SPDX-License-Identifier: Apache-2.0
 * datum.h - one value while an expression is evaluated, and the types that values have.
 *
 * A datum does not say its type: the compiler has checked that every step gets what it takes.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/network.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum datum_type {
	DATUM_NONE, /* where an expression begins, and where a list of arguments ends */
	DATUM_BOOL,
	DATUM_NUMBER, /* signed, 64 bits */
	DATUM_TEXT,
	DATUM_ADDRESS,
	DATUM_SUBNET,
	DATUM_STATE,   /* of a virtual server: enum datum_state, as a number */
	DATUM_VSERVER, /* written as its name; its id in a run */
	/* From here on only steps on the way to a value: they have none themselves. */
	DATUM_SYS,
	DATUM_CLIENT,
	DATUM_CLIENT_IP,
	DATUM_TYPES
};

enum datum_state { DATUM_UP, DATUM_DOWN, DATUM_OUT_OF_SERVICE, DATUM_STATES };

struct datum {
	union {
		bool is_true;
		int64_t number;
		struct str text;
		struct address address; /* port 0; IPv4 where it is mapped into IPv6 */
		struct network network;
		uint32_t vserver; /* id */
	};
};

static inline bool datum_has_value(enum datum_type type)
{
	return type != DATUM_NONE && type < DATUM_SYS;
}

const char *datum_type_name(enum datum_type type); /* "a number" */
const char *datum_state_name(int64_t state);       /* "UP"; of what is none "?" */
/* Case does not matter. False: it is none of them. */
bool datum_state_parse(struct str text, int64_t *state) MUST_USE;

/* Of a client: without its port, and as IPv4 when it came mapped into IPv6. */
struct address datum_address(const struct address *address);
