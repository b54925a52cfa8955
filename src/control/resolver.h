/* SPDX-License-Identifier: Apache-2.0
 * resolver.h - servers that have a domain name get their addresses: asked on control's loop, again
 * when the time to live is over, and after a failure every -domainResolveRetry seconds. The last
 * good answer is kept.
 *
 * The answer stands in the server's object (struct learned); the caller makes a new plan then. Name
 * servers are those of `add dns nameServer`, in turn. An address stays while it is among the
 * answers, so that a name with many does not wander.
 */
#pragma once

#include "base/list.h"
#include "config/config.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RESOLVER_TIMEOUT_MS = 1000, /* for one answer */
	RESOLVER_TRIES = 3,         /* before it counts as a failure */
	RESOLVER_LEAST_MS = 1000,   /* a shorter time to live is not believed */
	RESOLVER_MOST_MS = 3600000  /* nor a longer one */
};

/* Owner: control. */
struct resolver {
	struct loop *loop;           /* borrowed */
	const struct config *config; /* borrowed; NULL before the first resolver_take() */
	struct list names;           /* struct resolver_name */
	/* A server has another address, or a reason why it has none. */
	void (*learned)(void *context);
	void *context;
};

void resolver_init(struct resolver *resolver, struct loop *loop, void (*learned)(void *context),
		   void *context);
void resolver_fini(struct resolver *resolver);
/* After a change of the configuration: begins, goes on, ends. */
void resolver_take(struct resolver *resolver, struct config *config);
