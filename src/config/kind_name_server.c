/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"
#include "config/command.h"
#include "config/object.h"

static const struct choice types[] = {
	{ "UDP", NULL },
	{ "TCP", "it is asked over UDP" },
	{ "UDP_TCP", "it is asked over UDP" },
	{ NULL, NULL },
};

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct address address;

	(void)config;
	if (address_parse(object_name(object), 53, &address) && !address_is_any(&address))
		return true;
	report_fault(report, command_column(command, NAME_SERVER_ADDRESS),
		     "%.*s is no address of a name server", STR_ARG(object_name(object)));
	return false;
}

static const struct option options[NAME_SERVER_OPTIONS] = {
	[NAME_SERVER_ADDRESS] = { .name = "IP",
				  .type = OPTION_TEXT,
				  .is_position = true,
				  .is_once = true,
				  .help = "address of the name server",
				  .since = "0.1" },
	[NAME_SERVER_PORT] = { .name = "port",
			       .type = OPTION_NUMBER,
			       .least = 1,
			       .most = 65535,
			       .standard = "53",
			       .is_ours = true,
			       .help = "port of the name server",
			       .since = "0.1" },
	[NAME_SERVER_TYPE] = { .name = "type",
			       .type = OPTION_CHOICE,
			       .is_once = true,
			       .choices = types,
			       .standard = "UDP",
			       .help = "how it is asked",
			       .since = "0.1" },
	[NAME_SERVER_STATE] = { .name = "state",
				.type = OPTION_CHOICE,
				.is_once = true,
				.choices = option_enabled_disabled,
				.standard = "ENABLED",
				.help = "whether it is asked",
				.since = "0.1" },
};

const struct kind kind_name_server = {
	.id = KIND_NAME_SERVER,
	.object = "dns nameServer",
	.help = "who knows the addresses of names",
	.has_state = true,
	.state = NAME_SERVER_STATE,
	.check = check,
	.options = options,
	.option_count = NAME_SERVER_OPTIONS,
	.position_count = 1,
};
