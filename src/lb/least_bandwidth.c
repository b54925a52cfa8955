/* SPDX-License-Identifier: Apache-2.0
 * The service that moves the fewest bytes for its weight, both ways.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_bandwidth = {
	.name = "LEASTBANDWIDTH",
	.help = "the service that moves the fewest bytes for its weight",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_BYTES,
	.choose = least_choose,
};
