/* SPDX-License-Identifier: Apache-2.0
 * proxy_protocol.h - the header of the PROXY protocol: who the client of a connection is, told by
 * the proxy before it.
 *
 * Source: "The PROXY protocol, versions 1 & 2" of HAProxy (2020/03/05), sections 2.1 and 2.2.
 * Version 1 is only read. A proxy of ours adds the trail of the appliances that the client has come
 * through, as a TLV of type 0xE4, out of the range for applications (section 2.2.7): its value is
 * one 32-bit number in network order for each, oldest first.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/str.h"
#include "conn/trail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROXY_PROTOCOL_READ_MAX = 2048, /* bytes of a header that we take */
	PROXY_PROTOCOL_WRITE_MAX = 96   /* of one that we write */
};

struct proxy_protocol {
	/* False: the proxy speaks for itself (LOCAL), or does not know: what the socket says
	 * holds. */
	bool has_addresses;
	struct address source, destination; /* of the client's connection to the first proxy */
	struct trail trail;
};

enum proxy_protocol_result {
	PROXY_PROTOCOL_OK,
	PROXY_PROTOCOL_MORE, /* so far it can be one */
	PROXY_PROTOCOL_BAD   /* no header, or one that is not as it must be, or too long */
};

/* The header at the begin of `bytes`; *length says how long it is. */
enum proxy_protocol_result proxy_protocol_read(struct str bytes, struct proxy_protocol *header,
					       size_t *length) MUST_USE;
/* Version 2; returns the length. Addresses of two families are not told. */
size_t proxy_protocol_write(const struct proxy_protocol *header,
			    unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX]);
