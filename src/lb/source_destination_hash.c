/* SPDX-License-Identifier: Apache-2.0
 * The same pair of client address and reached address to the same service.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_source_destination_hash = {
	.name = "SRCIPDESTIPHASH",
	.help = "the same pair of client and reached address to the same service",
	.key = LB_KEY_SOURCE_DESTINATION,
	.choose = rendezvous_choose,
};
