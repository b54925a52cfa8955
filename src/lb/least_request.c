/* SPDX-License-Identifier: Apache-2.0
 * The service with the fewest requests for its weight, over all engines. A server connection
 * carries one request at a time, and over TCP a connection is one request: so it counts what
 * LEASTCONNECTION counts, until there are connections that carry several.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_request = {
	.name = "LEASTREQUEST",
	.help = "the service with the fewest requests for its weight",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_USES,
	.choose = least_choose,
};
