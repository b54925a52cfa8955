/* SPDX-License-Identifier: Apache-2.0 */
#include "record/reason.h"

const struct reason_row reason_rows[REASON_COUNT] = {
	[REASON_NONE] = { "none", "it has room", false },
	[REASON_DISABLED] = { "disabled", "it is disabled", false },
	[REASON_DOWN] = { "down", "none of its services is up", false },
	[REASON_LOOP] = { "loop", "the client came through this appliance before", false },
	[REASON_CLIENTS] = { "connections", "the limit of its client connections is reached",
			     true },
};
