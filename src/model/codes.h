/* SPDX-License-Identifier: Apache-2.0
 * codes.h - a set of HTTP status codes (RFC 9110, 15): a bit for each from 100 to 611.
 *
 * Others are in no set. A value: copied freely.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CODES_LEAST = 100, CODES_MOST = 611 };

struct codes {
	uint64_t bits[8];
};

static inline bool codes_has(const struct codes *codes, unsigned code)
{
	unsigned bit = code - CODES_LEAST;

	return code >= CODES_LEAST && code <= CODES_MOST && (codes->bits[bit / 64] >> bit % 64 & 1);
}

/* Both ends included; what no set can have is left out. */
static inline void codes_add(struct codes *codes, unsigned first, unsigned last)
{
	unsigned code = first < CODES_LEAST ? CODES_LEAST : first;

	for (; code <= last && code <= CODES_MOST; code++)
		codes->bits[(code - CODES_LEAST) / 64] |= UINT64_C(1) << (code - CODES_LEAST) % 64;
}
