/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind_monitor_value.h"

#include "base/address.h"
#include "base/dns.h"
#include "config/command.h"
#include "config/object.h"
#include "model/monitor_conf.h"
#include "monitor/ber.h"
#include "monitor/ldap_filter.h"

#include <string.h>

static bool is_address(struct str text)
{
	struct address address;

	return address_parse(text, 0, &address);
}

static bool is_v4_address(struct str text)
{
	struct address address;

	return address_parse(text, 0, &address) && address.any.sa_family == AF_INET;
}

static bool is_domain_name(struct str text)
{
	unsigned char question[DNS_QUESTION_MAX];

	return dns_question(text, DNS_TYPE_A, 0, question) > 0;
}

static bool is_object_identifier(struct str text)
{
	struct ber_writer writer;

	ber_begin(&writer);
	return ber_put_oid(&writer, text) && !writer.is_full;
}

static bool is_number(struct str text)
{
	uint64_t number;

	return str_to_number(text, INT64_MAX, &number);
}

/* A method, a blank and something behind it, on one line. */
static bool is_request(struct str text)
{
	const char *blank = memchr(text.at, ' ', text.length);

	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ')
			return false;
	return blank != NULL && blank > text.at && blank + 1 < text.at + text.length;
}

static const struct {
	unsigned option;
	bool (*is_good)(struct str word);
	const char *right;
} rows[] = {
	{ MONITOR_ADDRESSES, is_address, "an IPv4 or IPv6 address" },
	{ MONITOR_QUERY, is_domain_name, "a domain name" },
	{ MONITOR_RAD_NAS_IP, is_v4_address, "an IPv4 address" },
	{ MONITOR_SNMP_OID, is_object_identifier, "an object identifier: 1.3.6.1.2.1.1.3.0" },
	{ MONITOR_SNMP_THRESHOLD, is_number, "a whole number" },
	{ MONITOR_FILTER, ldap_filter_is_good,
	  "a filter of LDAP: (&(objectClass=person)(uid=p*))" },
	{ MONITOR_HTTP_REQUEST, is_request, "a method and a path on one line: \"GET /ready\"" },
};

/* The first word that is not good; false: all are. */
static bool find_bad(struct str text, bool is_list, bool (*is_good)(struct str word),
		     struct str *bad)
{
	do {
		const char *blank = is_list ? memchr(text.at, ' ', text.length) : NULL;
		size_t length = blank != NULL ? (size_t)(blank - text.at) : text.length;
		size_t over = length + (blank != NULL);

		*bad = (struct str){ text.at, length };
		if (!is_good(*bad))
			return true;
		text = (struct str){ text.at + over, text.length - over };
	} while (text.length > 0);
	return false;
}

/* A program is all that a monitor of this type is. */
static bool has_program(const struct object *object, const struct command *command,
			struct report *report)
{
	const struct option *row = &object->kind->options[MONITOR_TYPE];
	const char *type = row->choices[object_number(object, MONITOR_TYPE)].name;

	if (strcmp(type, "USER") != 0 || object_text(object, MONITOR_SCRIPT_NAME).length > 0)
		return true;
	report_fault(report, command_column(command, MONITOR_SCRIPT_NAME),
		     "a monitor of type USER needs -scriptName: the path of the program to run");
	return false;
}

bool kind_monitor_value(const struct object *object, const struct command *command,
			struct report *report)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct option *option = &object->kind->options[rows[i].option];
		struct str bad;

		if (!object_is_set(object, rows[i].option) ||
		    !find_bad(object_text(object, rows[i].option), option->type == OPTION_LIST,
			      rows[i].is_good, &bad))
			continue;
		report_fault(report, command_column(command, rows[i].option), "%.*s is no %s: %s",
			     STR_ARG(bad), option->name, rows[i].right);
		return false;
	}
	return has_program(object, command, report);
}
