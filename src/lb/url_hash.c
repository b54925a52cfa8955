/* SPDX-License-Identifier: Apache-2.0
 * The same begin of path and query (-hashLength bytes) to the same service. Over TCP there is no
 * URL: the client address is taken.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_url_hash = {
	.name = "URLHASH",
	.help = "the same URL to the same service",
	.key = LB_KEY_URL,
	.choose = rendezvous_choose,
};
