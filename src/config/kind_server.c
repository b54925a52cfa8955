/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"
#include "config/command.h"
#include "config/object.h"

static bool is_domain(struct str text)
{
	bool has_letter = false;

	for (size_t i = 0; i < text.length; i++) {
		char byte = text.at[i];
		bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

		if (!is_letter && !(byte >= '0' && byte <= '9') && byte != '-' && byte != '.' &&
		    byte != '_')
			return false;
		has_letter |= is_letter;
	}
	return has_letter && text.length <= 255;
}

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct str text = object_text(object, SERVER_ADDRESS);
	struct address address;

	(void)config;
	if (address_parse(text, 0, &address))
		return true;
	if (!is_domain(text)) {
		report_fault(report, command_column(command, SERVER_ADDRESS),
			     "%.*s is neither an address nor a domain name", STR_ARG(text));
		return false;
	}
	return true;
}

static const struct option options[SERVER_OPTIONS] = {
	[SERVER_NAME] = { .name = "name",
			  .type = OPTION_TEXT,
			  .is_position = true,
			  .is_once = true,
			  .help = "name of the server",
			  .since = "0.1" },
	[SERVER_ADDRESS] = { .name = "IPAddress",
			     .type = OPTION_TEXT,
			     .is_position = true,
			     .help = "its address, IPv4 or IPv6, or a domain name",
			     .since = "0.1" },
	[SERVER_RESOLVE_RETRY] = { .name = "domainResolveRetry",
				   .type = OPTION_NUMBER,
				   .least = 5,
				   .most = 20939,
				   .standard = "5",
				   .unit = "s",
				   .help = "when its name is asked for again after a failure",
				   .since = "0.1" },
	[SERVER_IPV6] = { .name = "IPv6Address",
			  .type = OPTION_CHOICE,
			  .is_once = true,
			  .choices = option_yes_no,
			  .standard = "NO",
			  .help = "whether its name is asked for IPv6 addresses",
			  .since = "0.1" },
	[SERVER_STATE] = { .name = "state",
			   .type = OPTION_CHOICE,
			   .is_once = true,
			   .choices = option_enabled_disabled,
			   .standard = "ENABLED",
			   .help = "whether its services take traffic",
			   .since = "0.1" },
	[SERVER_COMMENT] = { .name = "comment",
			     .type = OPTION_TEXT,
			     .help = "whatever an operator wants to remember",
			     .since = "0.1" },
	[SERVER_KNOWN_AS] = { .name = "knownAs",
			      .type = OPTION_TEXT,
			      .is_ours = true,
			      .help = "name by which persistence knows members of groups on it, "
				      "without it its own: a rename sets it, so that clients "
				      "come back",
			      .since = "0.1" },
};

const struct kind kind_server = {
	.id = KIND_SERVER,
	.object = "server",
	.help = "a machine that runs services",
	.has_state = true,
	.state = SERVER_STATE,
	.check = check,
	.options = options,
	.option_count = SERVER_OPTIONS,
	.position_count = 2,
};
