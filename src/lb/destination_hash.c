/* SPDX-License-Identifier: Apache-2.0
 * The same reached address (as far as the netmask reaches) to the same service: for a virtual
 * server that listens on many.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_destination_hash = {
	.name = "DESTINATIONIPHASH",
	.help = "the same reached address to the same service",
	.key = LB_KEY_DESTINATION,
	.choose = rendezvous_choose,
};
