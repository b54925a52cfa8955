/* SPDX-License-Identifier: Apache-2.0
 * The same client address (as far as the netmask reaches) to the same service.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_source_hash = {
	.name = "SOURCEIPHASH",
	.help = "the same client address to the same service",
	.key = LB_KEY_SOURCE,
	.choose = rendezvous_choose,
};
