/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

static const struct option options[SPILLOVER_PARAM_OPTIONS] = {
	[SPILLOVER_PARAM_NAME] = OPTION_NAMELESS,
	[SPILLOVER_PARAM_MAX_CLIENT] = { .name = "maxClient",
					 .type = OPTION_NUMBER,
					 .is_ours = true,
					 .least = 1,
					 .most = 4294967287,
					 .help = "limit of client connections of all virtual "
						 "servers together",
					 .since = "0.1" },
	[SPILLOVER_PARAM_MAX_REQUEST] = { .name = "maxRequest",
					  .type = OPTION_NUMBER,
					  .is_ours = true,
					  .least = 1,
					  .most = 4294967287,
					  .help = "limit of HTTP requests in flight of all virtual "
						  "servers together",
					  .since = "0.1" },
	[SPILLOVER_PARAM_MAX_REQUEST_RATE] = { .name = "maxRequestRate",
					       .type = OPTION_NUMBER,
					       .is_ours = true,
					       .least = 1,
					       .most = 4294967287,
					       .unit = "/s",
					       .help = "limit of HTTP requests a second of all "
						       "virtual servers together",
					       .since = "0.1" },
	[SPILLOVER_PARAM_MAX_BANDWIDTH] = { .name = "maxBandwidth",
					    .type = OPTION_NUMBER,
					    .is_ours = true,
					    .least = 1,
					    .most = 4294967287,
					    .unit = "kbit/s",
					    .help = "most traffic to and from the clients and "
						    "servers of all virtual servers together",
					    .since = "0.1" },
};

const struct kind kind_spillover_param = {
	.id = KIND_SPILLOVER_PARAM,
	.object = "spillover param",
	.help = "limits of the whole appliance",
	.is_single = true,
	.options = options,
	.option_count = SPILLOVER_PARAM_OPTIONS,
	.position_count = 1,
};
