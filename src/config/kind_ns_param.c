/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

static const struct option options[NS_PARAM_OPTIONS] = {
	[NS_PARAM_NAME] = { .name = "",
			    .type = OPTION_TEXT,
			    .is_position = true,
			    .is_optional = true,
			    .is_once = true,
			    .help = "",
			    .since = "0.1" },
	[NS_PARAM_EXCLUSIVE_MAX_CLIENT] = { .name = "exclusiveQuotaMaxClient",
					    .type = OPTION_NUMBER,
					    .most = 100,
					    .standard = "80",
					    .unit = "%",
					    .help = "part of -maxClient that is dealt out to the "
						    "engines",
					    .since = "0.1" },
	[NS_PARAM_GRANT_MAX_CLIENT] = { .name = "grantQuotaMaxClient",
					.type = OPTION_NUMBER,
					.most = 100,
					.standard = "10",
					.unit = "%",
					.help = "part of the rest that an engine borrows at a time",
					.since = "0.1" },
	[NS_PARAM_EXCLUSIVE_SPILLOVER] = { .name = "exclusiveQuotaSpillOver",
					   .type = OPTION_NUMBER,
					   .most = 100,
					   .standard = "80",
					   .unit = "%",
					   .help = "part of the spillover threshold that is dealt "
						   "out to the engines",
					   .since = "0.1" },
	[NS_PARAM_GRANT_SPILLOVER] = { .name = "grantQuotaSpillOver",
				       .type = OPTION_NUMBER,
				       .most = 100,
				       .standard = "10",
				       .unit = "%",
				       .help = "part of the rest that an engine borrows at a time",
				       .since = "0.1" },
	[NS_PARAM_MAX_CONN] = { .name = "maxConn",
				.type = OPTION_NUMBER,
				.most = 4294967294,
				.standard = "0",
				.help = "-maxClient of every service and service group without one "
					"of its own; 0: no limit",
				.since = "0.1" },
};

const struct kind kind_ns_param = {
	.id = KIND_NS_PARAM,
	.object = "ns param",
	.help = "settings of the whole appliance",
	.is_single = true,
	.options = options,
	.option_count = NS_PARAM_OPTIONS,
	.position_count = 1,
};
