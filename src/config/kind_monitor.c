/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_metric.h"
#include "config/command.h"
#include "config/config.h"
#include "config/object.h"
#include "model/monitor_conf.h"

static const char by_tcp[] = "a TCP connect is tried instead";

static const struct choice types[] = {
	{ "TCP", NULL },
	{ "HTTP", NULL },
	{ "PING", NULL },
	{ "TCP-ECV", NULL },
	{ "HTTP-ECV", NULL },
	{ "UDP-ECV", NULL },
	{ "DNS", NULL },
	{ "FTP", NULL },
	{ "LDNS-PING", by_tcp },
	{ "LDNS-TCP", by_tcp },
	{ "LDNS-DNS", by_tcp },
	{ "RADIUS", NULL },
	{ "USER", NULL },
	{ "HTTP-INLINE", NULL },
	{ "SIP-UDP", by_tcp },
	{ "SIP-TCP", by_tcp },
	{ "LOAD", NULL },
	{ "FTP-EXTENDED", NULL },
	{ "SMTP", NULL },
	{ "SNMP", NULL },
	{ "NNTP", NULL },
	{ "MYSQL", NULL },
	{ "MYSQL-ECV", NULL },
	{ "MSSQL-ECV", by_tcp },
	{ "ORACLE-ECV", by_tcp },
	{ "LDAP", NULL },
	{ "POP3", NULL },
	{ "CITRIX-XML-SERVICE", by_tcp },
	{ "CITRIX-WEB-INTERFACE", by_tcp },
	{ "DNS-TCP", NULL },
	{ "RTSP", by_tcp },
	{ "ARP", NULL },
	{ "CITRIX-AG", by_tcp },
	{ "CITRIX-AAC-LOGINPAGE", by_tcp },
	{ "CITRIX-AAC-LAS", by_tcp },
	{ "CITRIX-XD-DDC", by_tcp },
	{ "ND6", NULL },
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
	{ "AGENT", NULL },
	{ NULL, NULL },
};

static const struct choice query_types[] = {
	{ "Address", NULL },
	{ "Zone", NULL },
	{ "AAAA", NULL },
	{ NULL, NULL },
};

static const struct choice snmp_versions[] = { { "V1", NULL }, { "V2", NULL }, { NULL, NULL } };

static const struct choice actions[] = {
	[MONITOR_ACTION_DOWN] = { "DOWN", NULL },
	[MONITOR_ACTION_LOG] = { "LOG", NULL },
	[MONITOR_ACTION_NONE] = { "NONE", NULL },
	{ NULL, NULL },
};

/* Of HTTP three digits, of others (RADIUS) from 1 on. */
static uint64_t least_code(const struct object *object)
{
	static const char *const http[] = { "HTTP", "HTTP-ECV", "HTTP-INLINE", "HTTP2" };
	const char *type = types[object_number(object, MONITOR_TYPE)].name;

	for (size_t i = 0; i < sizeof(http) / sizeof(http[0]); i++)
		if (strcmp(type, http[i]) == 0)
			return 100;
	return 1;
}

/* 200 or 200-299. */
static bool is_code_range(struct str word, uint64_t least)
{
	const char *hyphen = memchr(word.at, '-', word.length);
	size_t first = hyphen != NULL ? (size_t)(hyphen - word.at) : word.length;
	uint64_t low, high;

	if (!str_to_number((struct str){ word.at, first }, 999, &low) || low < least)
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

		if (length == 0 ||
		    !is_code_range((struct str){ rest.at, length }, least_code(object))) {
			report_fault(report, command_column(command, MONITOR_RESP_CODE),
				     "%.*s is no status code or range of them for -respCode",
				     (int)length, rest.at);
			return false;
		}
		rest = (struct str){ rest.at + skip, rest.length - skip };
	}
	return true;
}

/* Of the built-in ones some are secure by themselves. */
static const char *standard_secure(const struct object *object)
{
	static const char *const secure[] = { "tcps",     "https",    "tcps-ecv", "https-ecv",
					      "http2ssl", "mqtt-tls", "stasecure" };

	for (size_t i = 0; object->is_builtin && i < sizeof(secure) / sizeof(secure[0]); i++)
		if (str_equal(object_name(object), str_of(secure[i])))
			return "YES";
	return "NO";
}

/* What TLS from the first byte on makes no sense for. */
static bool check_secure(struct object *object, const struct command *command,
			 struct report *report)
{
	static const char *const never[] = { "PING",     "UDP-ECV", "DNS",         "LDNS-PING",
					     "LDNS-DNS", "SNMP",    "RADIUS",      "LOAD",
					     "SIP-UDP",  "ARP",     "ND6",         "MYSQL-ECV",
					     "USER",     "MYSQL",   "HTTP-INLINE", "AGENT",
					     "DIAMETER" };
	const char *type = types[object_number(object, MONITOR_TYPE)].name;

	if (object_number(object, MONITOR_SECURE) != OPTION_FIRST)
		return true;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (strcmp(type, never[i]) != 0)
			continue;
		report_fault(report, command_column(command, MONITOR_SECURE),
			     "-secure YES is for monitors over TCP whose servers begin with TLS, "
			     "not for %s",
			     type);
		return false;
	}
	return true;
}

/* The probe would have to leave by the MAC of the service whatever the routes say: for a packet
 * socket, not for a connection. Probing -destIP by the routes would say well of what is broken. */
static bool check_transparent(struct object *object, const struct command *command,
			      struct report *report)
{
	if (object_number(object, MONITOR_TRANSPARENT) != OPTION_FIRST)
		return true;
	report_fault(report, command_column(command, MONITOR_TRANSPARENT),
		     "-transparent YES is not done: probes go by the routes of the system. Use "
		     "-destIP with a route through the device");
	return false;
}

static bool check_metrics(const struct config *config, struct object *object,
			  const struct command *command, struct report *report)
{
	struct str name = object_text(object, MONITOR_METRIC_TABLE);
	const struct object *table = config_find(config, KIND_METRIC_TABLE, name);

	if (name.length > 0 && table == NULL) {
		report_fault(report, command_column(command, MONITOR_METRIC_TABLE),
			     "No such resource: lb metricTable %.*s", STR_ARG(name));
		return false;
	}
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *binding = &object->bindings[i];

		if (binding->type != BINDING_METRIC ||
		    (table != NULL && bind_metric_find(table, str_of(binding->name)) != NULL))
			continue;
		report_fault(report, command_column(command, MONITOR_METRIC_TABLE),
			     "metric %s is bound to %.*s: unbind it first", binding->name,
			     STR_ARG(object_name(object)));
		return false;
	}
	return true;
}

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	uint64_t interval = object_number(object, MONITOR_INTERVAL);
	uint64_t timeout = object_number(object, MONITOR_RESPONSE_TIMEOUT);

	if (timeout >= interval && object_is_set(object, MONITOR_RESPONSE_TIMEOUT)) {
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
	return check_metrics(config, object, command, report) &&
	       check_transparent(object, command, report) &&
	       check_secure(object, command, report) && check_codes(object, command, report);
}

#define TEXT_ROW(row, spelled, meaning)                                                            \
	[row] = { .name = spelled, .type = OPTION_TEXT, .help = meaning, .since = "0.1" }

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
			       .least = 10,
			       .most = 20940000,
			       .standard = "5",
			       .help = "from the start of a probe to the next",
			       .since = "0.1" },
	[MONITOR_RESPONSE_TIMEOUT] = { .name = "resptimeout",
				       .type = OPTION_TIME,
				       .least = 1,
				       .most = 20939000,
				       .standard = "2",
				       .help = "a probe without an answer has failed after it; "
					       "not given and -interval at most 2 s: 9/10 of that",
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
	[MONITOR_ACTION] = { .name = "action",
			     .type = OPTION_CHOICE,
			     .choices = actions,
			     .standard = "DOWN",
			     .help = "what failures do to a service that HTTP-INLINE watches: NONE "
				     "counts them, LOG logs them, too, DOWN takes it down",
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
	TEXT_ROW(MONITOR_SEND, "send", "bytes to send once connected; of HTTP-ECV the request"),
	TEXT_ROW(MONITOR_RECV, "recv", "text that the answer must hold"),
	TEXT_ROW(MONITOR_QUERY, "query", "domain name to ask for"),
	[MONITOR_QUERY_TYPE] = { .name = "queryType",
				 .type = OPTION_CHOICE,
				 .choices = query_types,
				 .standard = "Address",
				 .help = "type of the records to ask for",
				 .since = "0.1" },
	[MONITOR_ADDRESSES] = { .name = "IPAddress",
				.type = OPTION_LIST,
				.help = "addresses of which the answer must have one",
				.since = "0.1" },
	TEXT_ROW(MONITOR_USER_NAME, "userName", "user to log in as"),
	TEXT_ROW(MONITOR_PASSWORD, "password", "password of that user"),
	TEXT_ROW(MONITOR_DOMAIN, "domain", "name that we give to a mail server"),
	TEXT_ROW(MONITOR_GROUP, "group", "newsgroup that must be there"),
	TEXT_ROW(MONITOR_FILE_NAME, "fileName", "file that must be there"),
	TEXT_ROW(MONITOR_BASE_DN, "baseDN", "where the search begins"),
	TEXT_ROW(MONITOR_BIND_DN, "bindDN", "name to bind as; none: anonymous"),
	TEXT_ROW(MONITOR_FILTER, "filter", "filter of the search: (uid=probe)"),
	TEXT_ROW(MONITOR_ATTRIBUTE, "attribute", "attribute to ask for"),
	TEXT_ROW(MONITOR_DATABASE, "database", "database to use"),
	TEXT_ROW(MONITOR_SQL_QUERY, "sqlQuery", "statement to run; none: a ping"),
	TEXT_ROW(MONITOR_RAD_KEY, "radKey", "secret shared with the server"),
	TEXT_ROW(MONITOR_RAD_NAS_ID, "radNASid", "NAS identifier to send"),
	TEXT_ROW(MONITOR_RAD_NAS_IP, "radNASip", "NAS address to send"),
	TEXT_ROW(MONITOR_SNMP_OID, "snmpOID", "object to read: 1.3.6.1.2.1.1.3.0"),
	TEXT_ROW(MONITOR_SNMP_COMMUNITY, "snmpCommunity", "community; none: public"),
	[MONITOR_SNMP_VERSION] = { .name = "snmpVersion",
				   .type = OPTION_CHOICE,
				   .choices = snmp_versions,
				   .standard = "V1",
				   .help = "version of the protocol",
				   .since = "0.1" },
	TEXT_ROW(MONITOR_SNMP_THRESHOLD, "snmpThreshold", "a value above it is a failure"),
	TEXT_ROW(MONITOR_METRIC_TABLE, "metricTable", "lb metricTable whose metrics can be bound"),
	TEXT_ROW(MONITOR_SCRIPT_NAME, "scriptName", "program to run: its path"),
	TEXT_ROW(MONITOR_SCRIPT_ARGS, "scriptArgs", "its third argument, behind address and port"),
	[MONITOR_CAPACITY_HEADER] = { .name = "capacityHeader",
				      .type = OPTION_TEXT,
				      .is_ours = true,
				      .help = "field of an HTTP answer with agent words or a "
					      "number",
				      .since = "0.1" },
	[MONITOR_CAPACITY_FIELD] = { .name = "capacityField",
				     .type = OPTION_TEXT,
				     .is_ours = true,
				     .help = "member of a JSON answer with agent words or a number",
				     .since = "0.1" },
	[MONITOR_LRTM] = { .name = "LRTM",
			   .type = OPTION_CHOICE,
			   .choices = option_enabled_disabled,
			   .standard = "ENABLED",
			   .help = "whether response times are learned",
			   .since = "0.1" },
	[MONITOR_DEVIATION] = { .name = "deviation",
				.type = OPTION_TIME,
				.most = 20939000,
				.help = "slower than the learned average by more is a failure",
				.since = "0.1" },
	[MONITOR_DEVIATION_PERCENT] = { .name = "deviationPercent",
					.type = OPTION_NUMBER,
					.is_ours = true,
					.most = 100000,
					.help = "the same in percent of the average; 0: does not "
						"matter",
					.since = "0.1" },
	[MONITOR_RESPONSE_THRESHOLD] = { .name = "resptimeoutThresh",
					 .type = OPTION_NUMBER,
					 .most = 100,
					 .help = "slower than this percentage of -resptimeout is "
						 "logged",
					 .since = "0.1" },
	[MONITOR_ALERT_RETRIES] = { .name = "alertRetries",
				    .type = OPTION_NUMBER,
				    .most = 32,
				    .help = "failures in a row after which a warning is logged",
				    .since = "0.1" },
	[MONITOR_TRANSPARENT] = { .name = "transparent",
				  .type = OPTION_CHOICE,
				  .choices = option_yes_no,
				  .standard = "NO",
				  .help = "whether to probe -destIP through the service as its "
					  "gateway: not done",
				  .since = "0.1" },
	[MONITOR_SECURE] = { .name = "secure",
			     .type = OPTION_CHOICE,
			     .choices = option_yes_no,
			     .standard = "NO",
			     .standard_of = standard_secure,
			     .help = "whether to probe over TLS; the certificate is not verified",
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
