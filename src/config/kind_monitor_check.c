/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind_monitor_check.h"

#include "config/bind_metric.h"
#include "config/command.h"
#include "config/config.h"
#include "config/object.h"

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
	return check_metrics(config, object, command, report) &&
	       check_transparent(object, command, report) &&
	       check_secure(object, command, report) && check_codes(object, command, report);
}
