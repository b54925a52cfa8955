/* SPDX-License-Identifier: Apache-2.0 */
#include "record/reason.h"

/* clang-format off */
const struct reason_row reason_rows[REASON_COUNT] = {
	[REASON_NONE] = { "none", "it has room", false, false },
	[REASON_DISABLED] = { "disabled", "it is disabled", false, false },
	[REASON_DOWN] = { "down", "too few of its services are up", false, false },
	[REASON_HELD_OUT] = { "held out", "it was down and waits for enable lb vserver", false, false },
	[REASON_LOOP] = { "loop", "the client came through this appliance before", false, false },
	[REASON_KEPT] = { "persistence", "a backup served the client last", true, false },
	[REASON_HEALTH] = { "health", "too little of the weight of its services is up", true, false },
	[REASON_RAMP] = { "ramp", "its limit is near and a share of the clients spills", true, false },
	[REASON_RETURN] = { "return", "its limit was reached and not enough is free since", true, false },
	[REASON_EARLY] = { "early", "its thresholds spill before the limit", true, false },
	[REASON_POLICY] = { "policy", "a spillover policy says so", true, false },
	[REASON_CLIENTS] = { "connections", "the limit of its client connections is reached", true, false },
	[REASON_REQUESTS] = { "requests", "the limit of its requests in flight is reached", true, false },
	[REASON_SESSIONS] = { "sessions", "the limit of its TLS sessions is reached", true, false },
	[REASON_BANDWIDTH] = { "bandwidth", "its bandwidth is at the limit", true, false },
	[REASON_REQUEST_RATE] = { "request rate", "its requests come faster than the limit", true, false },
	[REASON_ALL_CLIENTS] = { "connections of the appliance", "the limit of client connections of the whole appliance is reached", true, true },
	[REASON_ALL_REQUESTS] = { "requests of the appliance", "the limit of requests in flight of the whole appliance is reached", true, true },
	[REASON_ALL_REQUEST_RATE] = { "request rate of the appliance", "requests of the whole appliance come faster than the limit", true, true },
	[REASON_ALL_BANDWIDTH] = { "bandwidth of the appliance", "the bandwidth of the whole appliance is at the limit", true, true },
};
/* clang-format on */
