/* SPDX-License-Identifier: Apache-2.0
 * lb.h - balancing methods: each is one file and one row in lb_methods[].
 *
 * A pure choice: who is asked gets an index, nothing is changed but the method's own state.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A service as one engine sees it. */
struct lb_candidate {
	bool is_eligible; /* up, not yet tried for this request, not known to be full */
	uint32_t weight;  /* 1..100 */
	uint64_t id;      /* of the service: stable, for hashes */
	uint64_t load;    /* in whatever the method's `load` says, over all engines */
};

/* What a method compares. */
enum lb_load {
	LB_LOAD_NONE,
	LB_LOAD_USES,          /* connections or requests that it serves or that wait for it */
	LB_LOAD_PROBE_TIME,    /* uses, one more, times the response time of its monitors */
	LB_LOAD_RESPONSE_TIME, /* uses, one more, times the mean time to the first byte */
	LB_LOAD_BYTES,         /* of the last second, both ways */
	LB_LOAD_PACKETS        /* likewise */
};

/* What the key of a method that hashes is made of. */
enum lb_key {
	LB_KEY_NONE,
	LB_KEY_SOURCE,             /* the client's address */
	LB_KEY_DESTINATION,        /* the address that the client reached */
	LB_KEY_SOURCE_DESTINATION, /* both */
	LB_KEY_SOURCE_PORT,        /* the client's address and port */
	LB_KEY_URL,                /* the begin of the request's path and query */
	LB_KEY_DOMAIN,             /* the host that the request is for */
	LB_KEY_TOKEN               /* what -rule names */
};

enum { LB_NONE = -1 };

/* An index into `candidates`, or LB_NONE when none is eligible. `state` is this engine's own for
 * this vserver: state_size bytes, zeroed at first, kept over changes of the services. */
typedef int lb_choose_fn(void *state, const struct lb_candidate *candidates, unsigned count,
			 uint64_t key);

struct lb_method {
	const char *name; /* as written in the configuration */
	const char *help; /* one line, for CLI, REST and manual */
	size_t state_size;
	enum lb_load load; /* what the caller puts into the candidates */
	enum lb_key key;   /* what the caller makes the key of */
	lb_choose_fn *choose;
};

enum { LB_STATE_MAX = 64 };

extern const struct lb_method *const lb_methods[]; /* ends with NULL */
extern const struct lb_method lb_round_robin;      /* for when no other can be asked */

/* NULL when there is none of that name (case does not matter). */
const struct lb_method *lb_find(struct str name);
