/* SPDX-License-Identifier: Apache-2.0
 * session.h - what every kind of session has in common: its places in the engine's lists, and the
 * way to end it from outside.
 *
 * It lies inside the session of its kind. Who ends sessions (a stop, MESSAGE_CUT_SERVICE) knows
 * only this.
 */
#pragma once

#include "base/list.h"

/* Owner: the engine. */
struct session {
	struct list link;         /* in proxy->all_sessions, from start to close */
	struct list service_link; /* in service->busy_sessions while it uses a connection of it */
	/* Ends the session at once; resets towards a client that waits for bytes. It is freed at the
	 * end of the turn: `link` and `service_link` are in no list when this returns. */
	void (*cut)(struct session *session);
};

static inline struct session *session_of_link(struct list *link)
{
	return list_entry(link, struct session, link);
}

static inline struct session *session_of_service_link(struct list *link)
{
	return list_entry(link, struct session, service_link);
}
