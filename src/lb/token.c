/* SPDX-License-Identifier: Apache-2.0
 * The same text of the request, which -rule names, to the same service.
 */
#include "lb/lb_priv.h"
#include "lb/rendezvous_priv.h"

const struct lb_method lb_token = {
	.name = "TOKEN",
	.help = "the same text of the request, which -rule names, to the same service",
	.key = LB_KEY_TOKEN,
	.choose = rendezvous_choose,
};
