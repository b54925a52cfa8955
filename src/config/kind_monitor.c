/* SPDX-License-Identifier: Apache-2.0 */
#include "config/command.h"
#include "config/object.h"

static const char by_tcp[] = "a TCP connect is tried instead";

static const struct choice types[] = {
	{ "TCP", NULL },
	{ "HTTP", NULL },
	{ "PING", NULL },
	{ "TCP-ECV", by_tcp },
	{ "HTTP-ECV", by_tcp },
	{ "UDP-ECV", by_tcp },
	{ "DNS", by_tcp },
	{ "FTP", by_tcp },
	{ "LDNS-PING", by_tcp },
	{ "LDNS-TCP", by_tcp },
	{ "LDNS-DNS", by_tcp },
	{ "RADIUS", by_tcp },
	{ "USER", by_tcp },
	{ "HTTP-INLINE", by_tcp },
	{ "SIP-UDP", by_tcp },
	{ "SIP-TCP", by_tcp },
	{ "LOAD", by_tcp },
	{ "FTP-EXTENDED", by_tcp },
	{ "SMTP", by_tcp },
	{ "SNMP", by_tcp },
	{ "NNTP", by_tcp },
	{ "MYSQL", by_tcp },
	{ "MYSQL-ECV", by_tcp },
	{ "MSSQL-ECV", by_tcp },
	{ "ORACLE-ECV", by_tcp },
	{ "LDAP", by_tcp },
	{ "POP3", by_tcp },
	{ "CITRIX-XML-SERVICE", by_tcp },
	{ "CITRIX-WEB-INTERFACE", by_tcp },
	{ "DNS-TCP", by_tcp },
	{ "RTSP", by_tcp },
	{ "ARP", by_tcp },
	{ "CITRIX-AG", by_tcp },
	{ "CITRIX-AAC-LOGINPAGE", by_tcp },
	{ "CITRIX-AAC-LAS", by_tcp },
	{ "CITRIX-XD-DDC", by_tcp },
	{ "ND6", by_tcp },
	{ "CITRIX-WI-EXTENDED", by_tcp },
	{ "DIAMETER", by_tcp },
	{ "RADIUS_ACCOUNTING", by_tcp },
	{ "STOREFRONT", by_tcp },
	{ "APPC", by_tcp },
	{ "SMPP", by_tcp },
	{ "CITRIX-XNC-ECV", by_tcp },
	{ "CITRIX-XDM", by_tcp },
	{ "CITRIX-STA-SERVICE", by_tcp },
	{ "CITRIX-STA-SERVICE-NHOP", by_tcp },
	{ "HTTP2", by_tcp },
	{ "MQTT", by_tcp },
	{ "MQTT-TLS", by_tcp },
	{ NULL, NULL },
};

/* 200 or 200-299. */
static bool is_code_range(struct str word)
{
	const char *hyphen = memchr(word.at, '-', word.length);
	size_t first = hyphen != NULL ? (size_t)(hyphen - word.at) : word.length;
	uint64_t low, high;

	if (!str_to_number((struct str){ word.at, first }, 999, &low) || low < 100)
		return false;
	if (hyphen == NULL)
		return true;
	return str_to_number((struct str){ hyphen + 1, word.length - first - 1 }, 999, &high) &&
	       high >= low;
}

static bool check_codes(struct object *object, const struct command *command, struct report *report)
{
	struct str rest = object_text(object, MONITOR_RESP_CODE);

	while (rest.length > 0) {
		const char *blank = memchr(rest.at, ' ', rest.length);
		size_t length = blank != NULL ? (size_t)(blank - rest.at) : rest.length;
		size_t skip = length + (blank != NULL);

		if (length == 0 || !is_code_range((struct str){ rest.at, length })) {
			report_fault(report, command_column(command, MONITOR_RESP_CODE),
				     "%.*s is no status code or range of them for -respCode",
				     (int)length, rest.at);
			return false;
		}
		rest = (struct str){ rest.at + skip, rest.length - skip };
	}
	return true;
}

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	uint64_t interval = object_number(object, MONITOR_INTERVAL);
	uint64_t timeout = object_number(object, MONITOR_RESPONSE_TIMEOUT);

	(void)config;
	if (timeout >= interval && (object_is_set(object, MONITOR_INTERVAL) ||
				    object_is_set(object, MONITOR_RESPONSE_TIMEOUT))) {
		report_fault(report, command_column(command, MONITOR_RESPONSE_TIMEOUT),
			     "-resptimeout must be below -interval");
		return false;
	}
	if (object_number(object, MONITOR_FAILURE_RETRIES) >
	    object_number(object, MONITOR_RETRIES)) {
		report_fault(report, command_column(command, MONITOR_FAILURE_RETRIES),
			     "-failureRetries must not be above -retries");
		return false;
	}
	return check_codes(object, command, report);
}

static const struct option options[MONITOR_OPTIONS] = {
	[MONITOR_NAME] = { .name = "monitorName",
			   .type = OPTION_TEXT,
			   .is_position = true,
			   .is_once = true,
			   .help = "name of the monitor",
			   .since = "0.1" },
	[MONITOR_TYPE] = { .name = "type",
			   .type = OPTION_CHOICE,
			   .is_position = true,
			   .is_once = true,
			   .choices = types,
			   .help = "how it probes",
			   .since = "0.1" },
	[MONITOR_INTERVAL] = { .name = "interval",
			       .type = OPTION_TIME,
			       .least = 1,
			       .most = 20940000,
			       .standard = "5",
			       .help = "from the end of a probe to the next",
			       .since = "0.1" },
	[MONITOR_RESPONSE_TIMEOUT] = { .name = "resptimeout",
				       .type = OPTION_TIME,
				       .least = 1,
				       .most = 20939000,
				       .standard = "2",
				       .help = "a probe without an answer has failed after it",
				       .since = "0.1" },
	[MONITOR_RETRIES] = { .name = "retries",
			      .type = OPTION_NUMBER,
			      .least = 1,
			      .most = 127,
			      .standard = "3",
			      .help = "probes of which -failureRetries must fail",
			      .since = "0.1" },
	[MONITOR_FAILURE_RETRIES] = { .name = "failureRetries",
				      .type = OPTION_NUMBER,
				      .most = 32,
				      .standard = "0",
				      .help = "failed probes of -retries that make it down; 0: all "
					      "in a row",
				      .since = "0.1" },
	[MONITOR_SUCCESS_RETRIES] = { .name = "successRetries",
				      .type = OPTION_NUMBER,
				      .least = 1,
				      .most = 32,
				      .standard = "1",
				      .help = "good probes in a row that make it up",
				      .since = "0.1" },
	[MONITOR_DOWN_TIME] = { .name = "downTime",
				.type = OPTION_TIME,
				.least = 1,
				.most = 20939000,
				.standard = "30",
				.help = "pause before a service that went down is probed again",
				.since = "0.1" },
	[MONITOR_DEST_IP] = { .name = "destIP",
			      .type = OPTION_ADDRESS,
			      .help = "address to probe; none: the service's",
			      .since = "0.1" },
	[MONITOR_DEST_PORT] = { .name = "destPort",
				.type = OPTION_PORT,
				.most = 65535,
				.help = "port to probe; none: the service's",
				.since = "0.1" },
	[MONITOR_STATE] = { .name = "state",
			    .type = OPTION_CHOICE,
			    .choices = option_enabled_disabled,
			    .standard = "ENABLED",
			    .help = "whether it probes",
			    .since = "0.1" },
	[MONITOR_REVERSE] = { .name = "reverse",
			      .type = OPTION_CHOICE,
			      .choices = option_yes_no,
			      .standard = "NO",
			      .help = "whether a good probe means down",
			      .since = "0.1" },
	[MONITOR_HTTP_REQUEST] = { .name = "httpRequest",
				   .type = OPTION_TEXT,
				   .standard = "HEAD /",
				   .help = "method and path that are asked for",
				   .since = "0.1" },
	[MONITOR_RESP_CODE] = { .name = "respCode",
				.type = OPTION_LIST,
				.standard = "200",
				.help = "status codes that are good: 200 301-302",
				.since = "0.1" },
	[MONITOR_CUSTOM_HEADERS] = { .name = "customHeaders",
				     .type = OPTION_TEXT,
				     .help = "more header fields, each ended by CR LF",
				     .since = "0.1" },
	[MONITOR_SEND] = { .name = "send",
			   .type = OPTION_TEXT,
			   .help = "bytes to send once connected",
			   .not_yet = "nothing is sent",
			   .since = "0.1" },
	[MONITOR_RECV] = { .name = "recv",
			   .type = OPTION_TEXT,
			   .help = "text that the answer must hold",
			   .not_yet = "the answer is not looked at",
			   .since = "0.1" },
};

const struct kind kind_monitor = {
	.id = KIND_MONITOR,
	.object = "lb monitor",
	.help = "decides whether services are up",
	.has_state = false,
	.check = check,
	.options = options,
	.option_count = MONITOR_OPTIONS,
	.position_count = 2,
};
