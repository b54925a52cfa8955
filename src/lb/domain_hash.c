/* SPDX-License-Identifier: Apache-2.0
 * The same host (case and port do not matter) to the same service. Over TCP there is none: the
 * client address is taken.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_domain_hash = {
	.name = "DOMAINHASH",
	.help = "the same host name to the same service",
	.key = LB_KEY_DOMAIN,
	.choose = rendezvous_choose,
};
