/* SPDX-License-Identifier: Apache-2.0
 * lb_key.h - the key of a client for methods that hash: the same on every engine, and for who asks
 * what would be.
 */
#pragma once

#include "base/address.h"
#include "base/str.h"
#include "lb/lb.h"

#include <stdint.h>

/* How much of it counts. */
struct lb_key_masks {
	uint32_t hash_length;       /* bytes of URL or host name; 0: all */
	uint32_t netmask;           /* of IPv4 addresses, in network order; 0: all bits */
	uint32_t v6_netmask_length; /* bits; 0: all */
};

/* What is not needed for the kind may be NULL or empty. */
struct lb_key_client {
	const struct address *peer, *reached;
	struct str url, host, token;
};

/* Its lowest bit is 0, and free for who asks. */
uint64_t lb_key_make(enum lb_key kind, const struct lb_key_masks *masks,
		     const struct lb_key_client *client);
