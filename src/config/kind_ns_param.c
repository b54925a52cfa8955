/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"
#include "config/command.h"
#include "config/object.h"
#include "http/url.h"

static const struct option options[NS_PARAM_OPTIONS] = {
	[NS_PARAM_NAME] = OPTION_NAMELESS,
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
	[NS_PARAM_STATE_WEBHOOK] = { .name = "stateWebhook",
				     .type = OPTION_TEXT,
				     .is_ours = true,
				     .help = "URL that is told of every change of a state: POST of "
					     "JSON; its host is an address",
				     .since = "0.1" },
};

/* Its host is an address: an operator wants to hear of trouble with names, too. */
static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct str text = object_text(object, NS_PARAM_STATE_WEBHOOK);
	const char *why;
	struct address address;
	struct url url;

	(void)config;
	if (text.length == 0 ||
	    (url_parse(text, &url, &why) && address_parse(url.host, url.port, &address)))
		return true;
	report_fault(report, command_column(command, NS_PARAM_STATE_WEBHOOK), "-stateWebhook: %s",
		     why != NULL ? why : "its host is no address");
	return false;
}

const struct kind kind_ns_param = {
	.id = KIND_NS_PARAM,
	.object = "ns param",
	.help = "settings of the whole appliance",
	.is_single = true,
	.check = check,
	.options = options,
	.option_count = NS_PARAM_OPTIONS,
	.position_count = 1,
};
