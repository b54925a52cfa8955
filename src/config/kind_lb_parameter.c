/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

static const struct option options[LB_PARAMETER_OPTIONS] = {
	[LB_PARAMETER_NAME] = OPTION_NAMELESS,
	[LB_PARAMETER_HTTP_ONLY] = { .name = "httpOnlyCookieFlag",
				     .type = OPTION_CHOICE,
				     .choices = option_enabled_disabled,
				     .standard = "ENABLED",
				     .help = "whether cookies of persistence are hidden from "
					     "scripts",
				     .since = "0.1" },
	[LB_PARAMETER_CONSOLIDATED] = { .name = "consolidatedLConn",
					.type = OPTION_CHOICE,
					.choices = option_yes_no,
					.standard = "YES",
					.help = "whether LEASTCONNECTION and its like count what "
						"all "
						"engines do",
					.since = "0.1" },
	[LB_PARAMETER_ROUND_ROBIN] = { .name = "startupRRFactor",
				       .type = OPTION_NUMBER,
				       .most = 1000000,
				       .standard = "0",
				       .help = "clients or requests for each service that has come "
					       "up "
					       "which are balanced in turn before the method is "
					       "asked",
				       .since = "0.1" },
};

const struct kind kind_lb_parameter = {
	.id = KIND_LB_PARAMETER,
	.object = "lb parameter",
	.help = "settings of balancing, of all virtual servers",
	.is_single = true,
	.options = options,
	.option_count = LB_PARAMETER_OPTIONS,
	.position_count = 1,
};
