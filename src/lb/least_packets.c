/* SPDX-License-Identifier: Apache-2.0
 * The service that exchanges the fewest packets for its weight, both ways.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_packets = {
	.name = "LEASTPACKETS",
	.help = "the service that exchanges the fewest packets for its weight",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_PACKETS,
	.choose = least_choose,
};
