/* SPDX-License-Identifier: Apache-2.0
 * The service with the fewest connections for its weight, over all engines. For HTTP those that
 * carry a request: an idle one that is kept for the next request is no load.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_connection = {
	.name = "LEASTCONNECTION",
	.help = "the service with the fewest connections for its weight",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_USES,
	.choose = least_choose,
};
