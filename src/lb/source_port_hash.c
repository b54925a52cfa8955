/* SPDX-License-Identifier: Apache-2.0
 * The same client address and port, which is one connection, to the same service: spreads the
 * connections of one client, and the requests of one connection stay together.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_source_port_hash = {
	.name = "SRCIPSRCPORTHASH",
	.help = "the same client address and port to the same service",
	.key = LB_KEY_SOURCE_PORT,
	.choose = rendezvous_choose,
};
