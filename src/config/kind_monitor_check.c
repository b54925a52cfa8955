/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind_monitor_check.h"

#include "config/bind_metric.h"
#include "config/command.h"
#include "config/config.h"
#include "config/kind_monitor_value.h"
#include "config/object.h"

#include <stdio.h>
#include <string.h>

static const char *type_of(const struct object *object)
{
	const struct option *row = &object->kind->options[MONITOR_TYPE];

	return row->choices[object_number(object, MONITOR_TYPE)].name;
}

/* Of HTTP three digits, of others (RADIUS) from 1 on. */
static uint64_t least_code(const struct object *object)
{
	static const char *const http[] = { "HTTP", "HTTP-ECV", "HTTP-INLINE", "HTTP2" };
	const char *type = type_of(object);

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

/* What TLS from the first byte on makes no sense for. */
static bool check_secure(struct object *object, const struct command *command,
			 struct report *report)
{
	static const char *const never[] = { "PING",     "UDP-ECV", "DNS",         "LDNS-PING",
					     "LDNS-DNS", "SNMP",    "RADIUS",      "LOAD",
					     "SIP-UDP",  "ARP",     "ND6",         "MYSQL-ECV",
					     "USER",     "MYSQL",   "HTTP-INLINE", "AGENT",
					     "DIAMETER" };
	const char *type = type_of(object);

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

/* For each a probe would have to be a packet that we make ourselves, not a connection. To probe
 * without it would say well of what is broken. */
static bool check_way(struct object *object, const struct command *command, struct report *report)
{
	static const struct {
		unsigned option;
		const char *why;
	} rows[] = {
		{ MONITOR_TRANSPARENT,
		  "-transparent YES is not done: probes go by the routes of the system. Use "
		  "-destIP with a route through the device" },
		{ MONITOR_IP_TUNNEL, "-ipTunnel YES is not done: probes go by the routes of the "
				     "system. Route -destIP through a tunnel of the system" },
		{ MONITOR_TOS, "-tos YES is not done: probes go to the address itself, and say "
			       "nothing of another one behind it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!object_is_set(object, rows[i].option) ||
		    object_number(object, rows[i].option) != OPTION_FIRST)
			continue;
		report_fault(report, command_column(command, rows[i].option), "%s", rows[i].why);
		return false;
	}
	return true;
}

/* --- options that mean nothing to a type -------------------------------------------------------
 */

/* Blanks around each, so that it can be searched for. */
static const struct {
	unsigned option;
	const char *types;
} uses[] = {
	{ MONITOR_ACTION, " HTTP-INLINE " },
	{ MONITOR_HTTP_REQUEST, " HTTP HTTP-ECV HTTP-INLINE " },
	{ MONITOR_RESP_CODE, " HTTP HTTP-ECV HTTP-INLINE RADIUS " },
	{ MONITOR_CUSTOM_HEADERS, " HTTP HTTP-ECV HTTP-INLINE " },
	{ MONITOR_SEND, " TCP-ECV HTTP-ECV UDP-ECV AGENT " },
	{ MONITOR_RECV, " TCP-ECV HTTP-ECV UDP-ECV MYSQL-ECV " },
	{ MONITOR_QUERY, " DNS DNS-TCP LDNS-DNS " },
	{ MONITOR_QUERY_TYPE, " DNS DNS-TCP LDNS-DNS " },
	{ MONITOR_ADDRESSES, " DNS DNS-TCP LDNS-DNS " },
	{ MONITOR_USER_NAME, " FTP FTP-EXTENDED POP3 NNTP RADIUS MYSQL MYSQL-ECV " },
	{ MONITOR_PASSWORD, " FTP FTP-EXTENDED POP3 NNTP RADIUS MYSQL MYSQL-ECV LDAP " },
	{ MONITOR_DOMAIN, " SMTP " },
	{ MONITOR_GROUP, " NNTP " },
	{ MONITOR_FILE_NAME, " FTP-EXTENDED " },
	{ MONITOR_BASE_DN, " LDAP " },
	{ MONITOR_BIND_DN, " LDAP " },
	{ MONITOR_FILTER, " LDAP " },
	{ MONITOR_ATTRIBUTE, " LDAP " },
	{ MONITOR_DATABASE, " MYSQL MYSQL-ECV " },
	{ MONITOR_SQL_QUERY, " MYSQL MYSQL-ECV " },
	{ MONITOR_RAD_KEY, " RADIUS " },
	{ MONITOR_RAD_NAS_ID, " RADIUS " },
	{ MONITOR_RAD_NAS_IP, " RADIUS " },
	{ MONITOR_SNMP_OID, " SNMP " },
	{ MONITOR_SNMP_COMMUNITY, " SNMP LOAD " },
	{ MONITOR_SNMP_VERSION, " SNMP LOAD " },
	{ MONITOR_SNMP_THRESHOLD, " SNMP " },
	{ MONITOR_METRIC_TABLE, " LOAD " },
	{ MONITOR_SCRIPT_NAME, " USER " },
	{ MONITOR_SCRIPT_ARGS, " USER " },
	{ MONITOR_CAPACITY_HEADER, " HTTP HTTP-ECV HTTP-INLINE " },
	{ MONITOR_CAPACITY_FIELD, " HTTP HTTP-ECV HTTP-INLINE " },
	{ MONITOR_TROFS_CODE, " HTTP HTTP-ECV HTTP-INLINE " },
	{ MONITOR_TROFS_STRING, " HTTP-ECV TCP-ECV UDP-ECV " },
	{ MONITOR_DEST_PORT, "" }, /* of every type but those that have no ports */
};

static bool is_of_use(unsigned row, const char *type)
{
	static const char no_ports[] = " PING LDNS-PING ARP ND6 ";
	char word[32];

	snprintf(word, sizeof(word), " %s ", type);
	if (uses[row].option == MONITOR_DEST_PORT)
		return strstr(no_ports, word) == NULL;
	return strstr(uses[row].types, word) != NULL;
}

static void warn_of_no_average(const struct object *object, const struct command *command,
			       struct report *report)
{
	static const unsigned rows[] = { MONITOR_DEVIATION, MONITOR_DEVIATION_PERCENT };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (command_column(command, rows[i]) > 0)
			report_warning(
				report, command_column(command, rows[i]),
				"-%s has no effect with -LRTM DISABLED: no average is learned",
				object->kind->options[rows[i]].name);
}

/* Of what is typed now; a type that another stands in for has said so. */
static void warn_of_no_use(const struct object *object, const struct command *command,
			   struct report *report)
{
	const struct option *row = &object->kind->options[MONITOR_TYPE];
	const char *type = type_of(object);

	if (row->choices[object_number(object, MONITOR_TYPE)].not_yet != NULL ||
	    command->verb == VERB_UNSET)
		return;
	for (unsigned i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		unsigned column = command_column(command, uses[i].option);

		if (column > 0 && object_is_set(object, uses[i].option) && !is_of_use(i, type))
			report_warning(report, column, "-%s has no effect on a monitor of type %s",
				       object->kind->options[uses[i].option].name, type);
	}
	if (object_number(object, MONITOR_LRTM) != OPTION_FIRST)
		warn_of_no_average(object, command, report);
	if (strcmp(type, "USER") == 0 && command_column(command, MONITOR_SCRIPT_NAME) > 0 &&
	    !str_starts_nocase(object_text(object, MONITOR_SCRIPT_NAME), STR("/")))
		report_warning(report, command_column(command, MONITOR_SCRIPT_NAME),
			       "-scriptName is a path that begins with /: the monitor fails with "
			       "any other");
}

static bool check_trofs(struct object *object, const struct command *command, struct report *report)
{
	if (object_text(object, MONITOR_TROFS_STRING).length == 0 ||
	    object_text(object, MONITOR_RECV).length > 0)
		return true;
	report_fault(report, command_column(command, MONITOR_TROFS_STRING),
		     "-trofsstring needs -recv: the text of a server that wants clients");
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

bool kind_monitor_check(const struct config *config, struct object *object,
			const struct command *command, struct report *report)
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
	warn_of_no_use(object, command, report);
	return check_metrics(config, object, command, report) &&
	       kind_monitor_value(object, command, report) && check_way(object, command, report) &&
	       check_trofs(object, command, report) && check_secure(object, command, report) &&
	       check_codes(object, command, report);
}
