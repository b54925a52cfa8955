/* SPDX-License-Identifier: Apache-2.0
 * network.h - a part of the address space: an address and how many of its leading bits count.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>

struct network {
	struct address address; /* bits that do not count are zero; port 0 */
	unsigned bits;          /* 0..32 or 0..128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. False when it is neither, or when bits that
 * do not count are set: then it is unclear what was meant. */
bool network_parse(struct str text, struct network *network) MUST_USE;
/* An IPv4 address that was mapped into IPv6 (RFC 4291 section 2.5.5.2) is an IPv4 address here. */
bool network_has(const struct network *network, const struct address *address);
