/* SPDX-License-Identifier: Apache-2.0
 * persistence.h - how a virtual server knows its clients again; a part of the snapshot, and
 * immutable like it.
 */
#pragma once

#include "base/str.h"
#include "model/extract.h"

#include <stdbool.h>
#include <stdint.h>

/* How a client is known again and sent to the same service. */
enum persistence_type {
	PERSISTENCE_NONE,
	PERSISTENCE_SOURCE,
	PERSISTENCE_COOKIE,
	PERSISTENCE_RULE,        /* a text of the request */
	PERSISTENCE_URL_PASSIVE, /* the text is address and port of the service */
	PERSISTENCE_CUSTOM_ID,   /* the text is the service's -CustomServerID */
	PERSISTENCE_DESTINATION,
	PERSISTENCE_SOURCE_DESTINATION
};

struct model_persistence {
	enum persistence_type type;
	uint32_t timeout_s;         /* 0: for ever; a cookie then lives as long as the browser */
	bool is_script_cookie;      /* without HttpOnly */
	uint32_t backup_timeout_s;  /* by source address where the type knows nothing; 0: not so */
	uint32_t netmask;           /* of IPv4 sources, in network order */
	uint32_t v6_netmask_length; /* bits of IPv6 sources */
	struct str cookie;          /* name of it */
	struct extract rule;
	uint32_t spill_timeout_s; /* with the virtual server that served last; 0: not so */
	struct str spill_cookie;  /* name of the cookie that says which that was */
};
