/* SPDX-License-Identifier: Apache-2.0 */
#include "record/reason.h"

/* clang-format off */
const struct reason_row reason_rows[REASON_COUNT] = {
	[REASON_NONE] = { "none", "it has room", false, false },
	[REASON_DISABLED] = { "disabled", "it is disabled", false, false },
	[REASON_DOWN] = { "down", "none of its services is up", false, false },
	[REASON_LOOP] = { "loop", "the client came through this appliance before", false, false },
	[REASON_KEPT] = { "persistence", "a backup served the client last", true, false },
	[REASON_CLIENTS] = { "connections", "the limit of its client connections is reached", true, false },
	[REASON_REQUESTS] = { "requests", "the limit of its requests in flight is reached", true, false },
	[REASON_SESSIONS] = { "sessions", "the limit of its TLS sessions is reached", true, false },
	[REASON_ALL_CLIENTS] = { "connections of the appliance", "the limit of client connections of the whole appliance is reached", true, true },
	[REASON_ALL_REQUESTS] = { "requests of the appliance", "the limit of requests in flight of the whole appliance is reached", true, true },
};
/* clang-format on */
