/* SPDX-License-Identifier: Apache-2.0
 * datum.h - one value while an expression is evaluated, and the types that values have.
 *
 * A datum does not say its type: the compiler has checked that every step gets what it takes.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
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

/* IPv4 as ::ffff:a.b.c.d, so that 10.0.0.0/8 is compared like anything else. */
struct datum_address {
	uint8_t bytes[16];
	uint8_t bits; /* of a subnet: how many count, 0..128 */
	bool is_v6;
};

struct datum {
	union {
		bool is_true;
		int64_t number;
		struct str text;
		struct datum_address address;
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

struct datum_address datum_address_of(const struct address *address);
/* 10.0.0.1, 2001:db8::1 */
bool datum_address_parse(struct str text, struct datum_address *address) MUST_USE;
/* 10.0.0.0/8, 2001:db8::/32; an address alone is a subnet of one. Bits behind the length do not
 * matter. */
bool datum_subnet_parse(struct str text, struct datum_address *subnet) MUST_USE;
/* An IPv4 address is in no IPv6 subnet, and the other way round. */
bool datum_is_in(const struct datum_address *address, const struct datum_address *subnet);
