/* SPDX-License-Identifier: Apache-2.0 */
#include "config/command.h"
#include "config/object.h"
#include "http/scan.h"

/* The rows of services and of service groups: one table. A group has the first of them, those that
 * both have alike; the rows behind those are of a service only. */

static const char *client_timeout(const struct object *object)
{
	return kind_client_timeout(object_text(object, TARGET_PROTOCOL));
}

static const char *server_timeout(const struct object *object)
{
	return kind_server_timeout(object_text(object, TARGET_PROTOCOL));
}

enum { FIELD_BYTES_MOST = 127 };

/* Fields that say where a message ends or whom it is for: no address may stand there. */
static bool is_of_the_message(struct str name)
{
	static const char *const names[] = { "Host",       "Content-Length", "Transfer-Encoding",
					     "Connection", "Upgrade",        "Trailer",
					     "TE",         "Keep-Alive",     "Expect" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct str name = object_text(object, TARGET_CIP_HEADER);
	const char *end = name.at + name.length;
	unsigned column = command_column(command, TARGET_CIP_HEADER);

	(void)config;
	if (name.length > 0 && name.length <= FIELD_BYTES_MOST && scan_token(name.at, end) == end &&
	    !is_of_the_message(name))
		return true;
	report_fault(report, column != 0 ? column : command_column(command, TARGET_CIP),
		     "-cip takes the name of a header field of its own such as X-Client-IP: 1 to "
		     "%d letters, digits or any of !#$%%&'*+-.^_`|~",
		     FIELD_BYTES_MOST);
	return false;
}

static const struct option options[SERVICE_OPTIONS] = {
	[TARGET_NAME] = { .name = "name",
			  .type = OPTION_TEXT,
			  .is_position = true,
			  .is_once = true,
			  .help = "name of it",
			  .since = "0.1" },
	[TARGET_PROTOCOL] = { .name = "serviceType",
			      .type = OPTION_CHOICE,
			      .is_position = true,
			      .is_once = true,
			      .choices = kind_service_protocols,
			      .help = "what is spoken with the server",
			      .since = "0.1" },
	[TARGET_MAX_CLIENT] = { .name = "maxClient",
				.type = OPTION_NUMBER,
				.most = 4294967294,
				.standard = "0",
				.help = "most connections to the server at once; 0: no limit",
				.since = "0.1" },
	[TARGET_HEALTH_MONITOR] = { .name = "healthMonitor",
				    .type = OPTION_CHOICE,
				    .choices = option_yes_no,
				    .standard = "YES",
				    .help = "whether monitors decide that it is up",
				    .since = "0.1" },
	[TARGET_MAX_REQ] = { .name = "maxReq",
			     .type = OPTION_NUMBER,
			     .most = 65535,
			     .standard = "0",
			     .help = "most requests on one connection to the server; 0: no limit",
			     .since = "0.1" },
	[TARGET_CIP] = { .name = "cip",
			 .type = OPTION_CHOICE,
			 .choices = option_enabled_disabled,
			 .standard = "DISABLED",
			 .follower = TARGET_CIP_HEADER,
			 .help = "whether requests tell the server the client's address",
			 .since = "0.1" },
	[TARGET_CIP_HEADER] = { .name = "cipHeader",
				.type = OPTION_TEXT,
				.standard = "client-ip",
				.help = "header field that holds the address of the client",
				.since = "0.1" },
	[TARGET_CLT_TIMEOUT] = { .name = "cltTimeout",
				 .type = OPTION_NUMBER,
				 .most = 31536000,
				 .standard_of = client_timeout,
				 .unit = "s",
				 .help = "an idle client connection is closed after it",
				 .since = "0.1" },
	[TARGET_SVR_TIMEOUT] = { .name = "svrTimeout",
				 .type = OPTION_NUMBER,
				 .most = 31536000,
				 .standard_of = server_timeout,
				 .unit = "s",
				 .help = "an idle server connection is closed after it",
				 .since = "0.1" },
	[TARGET_STATE] = { .name = "state",
			   .type = OPTION_CHOICE,
			   .choices = option_enabled_disabled,
			   .is_once = true,
			   .standard = "ENABLED",
			   .help = "whether it takes traffic",
			   .since = "0.1" },
	[TARGET_MON_THRESHOLD] = { .name = "monThreshold",
				   .type = OPTION_NUMBER,
				   .most = 65535,
				   .standard = "0",
				   .help = "least sum of the weights of monitors that say up; 0: "
					   "all of them",
				   .since = "0.1" },
	[TARGET_DOWN_STATE_FLUSH] = { .name = "downStateFlush",
				      .type = OPTION_CHOICE,
				      .choices = option_enabled_disabled,
				      .standard = "ENABLED",
				      .help = "whether connections are closed when it goes down",
				      .since = "0.1" },
	[TARGET_MAX_BANDWIDTH] = { .name = "maxBandwidth",
				   .type = OPTION_NUMBER,
				   .most = 4294967287,
				   .standard = "0",
				   .unit = "kbit/s",
				   .help = "most traffic to and from the server; 0: no limit",
				   .since = "0.1" },
	[TARGET_PROXY_PROTOCOL] = { .name = "proxyProtocol",
				    .type = OPTION_CHOICE,
				    .is_ours = true,
				    .choices = option_enabled_disabled,
				    .standard = "DISABLED",
				    .help = "whether a connection begins with the PROXY protocol's "
					    "header, version 2: who the client is, and the trail "
					    "of "
					    "appliances it came through",
				    .since = "0.1" },
	[TARGET_USIP] = { .name = "usip",
			  .type = OPTION_CHOICE,
			  .choices = option_yes_no,
			  .standard = "NO",
			  .help = "whether the client's address is the source towards the server",
			  .not_yet = "the source is Spillway's own address",
			  .since = "0.1" },
	[TARGET_USE_PROXY_PORT] = { .name = "useproxyport",
				    .type = OPTION_CHOICE,
				    .choices = option_yes_no,
				    .standard = "YES",
				    .help = "whether the source port is our own with -usip YES",
				    .not_yet = "the port is our own",
				    .since = "0.1" },
	[TARGET_SP] = { .name = "sp",
			.type = OPTION_CHOICE,
			.choices = option_on_off,
			.standard = "OFF",
			.help = "surge protection: who waits for a use of the service's limit is "
				"served first in, first out over all engines",
			.since = "0.1" },
	[TARGET_CKA] = { .name = "CKA",
			 .type = OPTION_CHOICE,
			 .choices = option_yes_no,
			 .standard = "NO",
			 .help = "TCP keep-alive towards clients",
			 .not_yet = "no keep-alives are sent",
			 .since = "0.1" },
	[TARGET_TCPB] = { .name = "TCPB",
			  .type = OPTION_CHOICE,
			  .choices = option_yes_no,
			  .standard = "NO",
			  .help = "TCP buffering of responses",
			  .not_yet = "buffers have a fixed size",
			  .since = "0.1" },
	[TARGET_CMP] = { .name = "CMP",
			 .type = OPTION_CHOICE,
			 .choices = option_yes_no,
			 .standard = "NO",
			 .help = "compression of responses",
			 .not_yet = "responses go as they are",
			 .since = "0.1" },
	[TARGET_CACHEABLE] = { .name = "cacheable",
			       .type = OPTION_CHOICE,
			       .choices = option_yes_no,
			       .standard = "NO",
			       .help = "whether a cache redirection sends requests here",
			       .is_once = false,
			       .not_yet = "nothing is cached",
			       .since = "0.1" },
	[TARGET_COMMENT] = { .name = "comment",
			     .type = OPTION_TEXT,
			     .help = "whatever an operator wants to remember",
			     .since = "0.1" },
	[TARGET_KNOWN_AS] = { .name = "knownAs",
			      .type = OPTION_TEXT,
			      .is_ours = true,
			      .help = "name by which persistence knows it, without it its own: a "
				      "rename sets it, so that clients come back",
			      .since = "0.1" },
	/* Of a service only. */
	[SERVICE_SERVER] = { .name = "serverName",
			     .type = OPTION_TEXT,
			     .is_position = true,
			     .is_once = true,
			     .help = "server, or its address",
			     .since = "0.1" },
	[SERVICE_PORT] = { .name = "port",
			   .type = OPTION_PORT,
			   .is_position = true,
			   .is_once = true,
			   .most = 65535,
			   .help = "port of the server",
			   .since = "0.1" },
	[SERVICE_CUSTOM_ID] = { .name = "CustomServerID",
				.type = OPTION_TEXT,
				.standard = "\"None\"",
				.help = "what requests name it by for -persistenceType "
					"CUSTOMSERVERID",
				.since = "0.1" },
	[SERVICE_HASH_ID] = { .name = "hashId",
			      .type = OPTION_NUMBER,
			      .least = 1,
			      .most = 4294967295,
			      .help = "what methods that hash know it by, whatever its name is; "
				      "without it a hash of the name",
			      .since = "0.1" },
};

static const unsigned service_places[] = { TARGET_NAME, SERVICE_SERVER, TARGET_PROTOCOL,
					   SERVICE_PORT };

const struct kind kind_service = {
	.id = KIND_SERVICE,
	.object = "service",
	.help = "one port of one server",
	.has_state = true,
	.state = TARGET_STATE,
	.check = check,
	.options = options,
	.option_count = SERVICE_OPTIONS,
	.places = service_places,
	.position_count = 4,
};

const struct kind kind_group = {
	.id = KIND_GROUP,
	.object = "serviceGroup",
	.help = "many servers with the same settings",
	.has_state = true,
	.state = TARGET_STATE,
	.check = check,
	.options = options,
	.option_count = TARGET_OPTIONS,
	.position_count = 2,
};
