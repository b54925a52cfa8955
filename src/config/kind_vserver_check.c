/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind_vserver_check.h"

#include "admit/quota_queue.h"
#include "base/address.h"
#include "config/command.h"
#include "config/config.h"
#include "config/networks.h"
#include "config/object.h"
#include "model/snapshot.h"

static bool fault(struct report *report, const struct command *command, unsigned option,
		  const char *what)
{
	report_fault(report, command_column(command, option), "%s", what);
	return false;
}

static bool is_url(struct str url)
{
	bool is_absolute = str_starts_nocase(url, STR("http://")) ||
			   str_starts_nocase(url, STR("https://"));

	for (size_t i = 0; i < url.length; i++)
		if ((unsigned char)url.at[i] <= ' ' || (unsigned char)url.at[i] >= 0x7f)
			return false;
	return (is_absolute && url.length > STR("https://").length) || str_starts(url, STR("/"));
}

static bool needs_threshold(uint64_t method)
{
	return method != SO_METHOD_NONE && method != SO_METHOD_DYNAMICCONNECTION;
}

/* Whether a virtual server of that protocol has what the method counts. */
static bool counts_there(const struct object *object, uint64_t method)
{
	struct str protocol = object_text(object, VSERVER_PROTOCOL);

	if (method == SO_METHOD_REQUEST || method == SO_METHOD_REQUESTRATE)
		return kind_same_family(protocol, STR("HTTP"));
	return method != SO_METHOD_SSLSESSION || str_starts_nocase(protocol, STR("SSL"));
}

static bool check_spillover(struct object *object, const struct command *command,
			    struct report *report)
{
	uint64_t method = object_number(object, VSERVER_SO_METHOD);
	bool has_threshold = object_is_set(object, VSERVER_SO_THRESHOLD);

	if (method == SO_METHOD_DYNAMICCONNECTION) {
		if (command->verb != VERB_UNSET && command_option(command, "soThreshold") != NULL)
			return fault(report, command, VSERVER_SO_THRESHOLD,
				     "-soThreshold must not be given with DYNAMICCONNECTION: the "
				     "limit is the sum of -maxClient of the services");
		option_value_free(&object->values[VSERVER_SO_THRESHOLD]);
		return true;
	}
	if (!counts_there(object, method))
		return fault(report, command, VSERVER_SO_METHOD,
			     method != SO_METHOD_SSLSESSION
				     ? "-soMethod REQUEST and REQUESTRATE count HTTP requests: the "
				       "virtual server must be of HTTP or SSL"
				     : "-soMethod SSLSESSION counts TLS sessions: the virtual "
				       "server must be of SSL or SSL_TCP");
	if (needs_threshold(method) && !has_threshold)
		return fault(report, command, VSERVER_SO_METHOD,
			     "-soThreshold is missing: this -soMethod needs it");
	if (method == SO_METHOD_HEALTH && object_number(object, VSERVER_SO_THRESHOLD) > 100)
		return fault(report, command, VSERVER_SO_THRESHOLD,
			     "-soThreshold is a percentage with HEALTH: 1 to 100");
	return true;
}

/* What counts uses says nothing of a rate or of health; its default may stand, as it is printed. */
static bool check_uses(struct object *object, const struct command *command, struct report *report)
{
	uint64_t method = object_number(object, VSERVER_SO_METHOD);
	bool is_method = command_option(command, "soMethod") != NULL;

	if (method != SO_METHOD_BANDWIDTH && method != SO_METHOD_REQUESTRATE &&
	    method != SO_METHOD_HEALTH)
		return true;
	if (object_number(object, VSERVER_SO_QUEUE_DEPTH) > 0)
		return fault(report, command,
			     is_method ? VSERVER_SO_METHOD : VSERVER_SO_QUEUE_DEPTH,
			     "-soQueueDepth is not for this -soMethod: clients wait in line for "
			     "CONNECTION and DYNAMICCONNECTION, requests for REQUEST");
	if (object_number(object, VSERVER_SO_ENGINE_THRESHOLD) != (OPTION_PERCENT | 100))
		return fault(report, command,
			     is_method ? VSERVER_SO_METHOD : VSERVER_SO_ENGINE_THRESHOLD,
			     "-soEngineThreshold counts uses: it is not for -soMethod BANDWIDTH, "
			     "REQUESTRATE and HEALTH");
	if (method == SO_METHOD_HEALTH && object_number(object, VSERVER_SO_SHARED_THRESHOLD) != 0)
		return fault(report, command,
			     is_method ? VSERVER_SO_METHOD : VSERVER_SO_SHARED_THRESHOLD,
			     "-soSharedThreshold is not for -soMethod HEALTH: it has no pool");
	return true;
}

/* Nobody waits while the plain scheme spills with units free elsewhere. */
static bool check_queue(struct object *object, const struct command *command, struct report *report)
{
	bool is_mode;

	if (object_number(object, VSERVER_SO_QUEUE_DEPTH) == 0 ||
	    object_number(object, VSERVER_SO_QUOTA_MODE) != QUOTA_MODE_PATENT)
		return true;
	is_mode = command_option(command, "soQuotaMode") != NULL;
	return fault(report, command, is_mode ? VSERVER_SO_QUOTA_MODE : VSERVER_SO_QUEUE_DEPTH,
		     "-soQueueDepth needs -soQuotaMode EXACT: with PATENT nobody waits");
}

/* Of the ways to say how a limit is dealt out one may stand. */
static bool check_deal(struct object *object, const struct command *command, struct report *report)
{
	static const unsigned ways[] = { VSERVER_SO_EXCLUSIVE, VSERVER_SO_EXCLUSIVE_EACH,
					 VSERVER_SO_SHARED };
	unsigned found = VSERVER_NAME, column;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!object_is_set(object, ways[i]))
			continue;
		if (found == VSERVER_NAME) {
			found = ways[i];
			continue;
		}
		column = command_column(command, ways[i]);
		report_fault(report, column != 0 ? column : command_column(command, found),
			     "-soExclusive, -soExclusiveEach and -soShared exclude one another: "
			     "%.*s has -%s and -%s; unset the other one first",
			     STR_ARG(object_name(object)), object->kind->options[found].name,
			     object->kind->options[ways[i]].name);
		return false;
	}
	return true;
}

/* "web -> spare -> web" */
static void name_loop(const struct config *config, const struct object *object, struct text *loop)
{
	const struct object *at = object;

	do {
		struct str name = object_text(at, VSERVER_BACKUP);

		text_print(loop, "%.*s -> ", STR_ARG(object_name(at)));
		at = config_find(config, KIND_VSERVER, name);
	} while (at != NULL && at != object && loop->length < 2000);
	text_add(loop, object_name(object));
}

/* No other loop can exist: each was refused when it would have been closed. */
static bool closes_loop(const struct config *config, const struct object *object)
{
	const struct object *at = object;
	unsigned most = config_count(config, KIND_VSERVER);

	do {
		struct str name = object_text(at, VSERVER_BACKUP);

		at = name.length > 0 ? config_find(config, KIND_VSERVER, name) : NULL;
	} while (at != NULL && at != object && most-- > 0);
	return at == object;
}

static bool check_backup(const struct config *config, struct object *object,
			 const struct command *command, struct report *report)
{
	struct str name = object_text(object, VSERVER_BACKUP);
	unsigned column = command_column(command, VSERVER_BACKUP);
	struct text loop = TEXT_EMPTY;
	const struct object *backup;

	if (name.length == 0)
		return true;
	backup = config_find(config, KIND_VSERVER, name);
	if (backup == NULL) {
		config_report_missing(config, KIND_VSERVER, name, column, report);
		return false;
	}
	if (!kind_same_family(object_text(object, VSERVER_PROTOCOL),
			      object_text(backup, VSERVER_PROTOCOL))) {
		report_fault(report, column,
			     "-backupVServer %.*s is %.*s, %.*s is %.*s: "
			     "they must be of one protocol family",
			     STR_ARG(name), STR_ARG(object_text(backup, VSERVER_PROTOCOL)),
			     STR_ARG(object_name(object)),
			     STR_ARG(object_text(object, VSERVER_PROTOCOL)));
		return false;
	}
	if (!closes_loop(config, object))
		return true;
	name_loop(config, object, &loop);
	report_fault(report, column, "-backupVServer closes a loop: %s", loop.at);
	text_free(&loop);
	return false;
}

/* Where a protocol without TCP listens nobody else's TCP port is taken. */
static bool uses_udp(const struct object *object)
{
	static const char *const names[] = { "UDP",     "DTLS", "DNS",    "DHCPRA",
					     "SIP_UDP", "TFTP", "RADIUS", "SYSLOGUDP" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal(object_text(object, VSERVER_PROTOCOL), str_of(names[i])))
			return true;
	return false;
}

/* IPv4 has one spelling, but for every address; IPv6 has many. */
static bool same_address(struct str text, struct str other)
{
	const struct str every = STR("*");
	struct address one, two;

	if (str_equal(text, every))
		text = STR("0.0.0.0");
	if (str_equal(other, every))
		other = STR("0.0.0.0");
	if (str_equal(text, other))
		return true;
	return text.length > 0 && memchr(text.at, ':', text.length) != NULL &&
	       address_parse(text, 0, &one) && address_parse(other, 0, &two) &&
	       address_equal(&one, &two);
}

static bool same_place(const struct object *a, const struct object *b)
{
	return object_number(a, VSERVER_PORT) == object_number(b, VSERVER_PORT) &&
	       same_address(object_text(a, VSERVER_ADDRESS), object_text(b, VSERVER_ADDRESS)) &&
	       uses_udp(a) == uses_udp(b);
}

static bool check_address(const struct config *config, struct object *object,
			  const struct command *command, struct report *report)
{
	struct str text = object_text(object, VSERVER_ADDRESS);
	uint64_t port = object_number(object, VSERVER_PORT);

	if (object_is_set(object, VSERVER_ADDRESS) && !object_is_set(object, VSERVER_PORT))
		return fault(report, command, VSERVER_ADDRESS, "the port is missing");
	if (port == 0)
		return true; /* nobody listens there */
	for (struct object *other = config_next(config, KIND_VSERVER, NULL); other != NULL;
	     other = config_next(config, KIND_VSERVER, other)) {
		if (other == object || !same_place(object, other))
			continue;
		report_fault(report, command_column(command, VSERVER_ADDRESS),
			     "%.*s port %u is taken by lb vserver %.*s", STR_ARG(text),
			     (unsigned)port, STR_ARG(object_name(other)));
		return false;
	}
	return true;
}

static bool check_netmask(const struct object *object, const struct command *command,
			  struct report *report)
{
	uint32_t mask;

	return kind_netmask(object_text(object, VSERVER_NETMASK), &mask) ||
	       fault(report, command, VSERVER_NETMASK,
		     "-netmask must be a mask of IPv4 such as 255.255.255.0");
}

/* The token of TCP is a part of the data, that of HTTP what a rule names. */
static bool check_data(const struct object *object, const struct command *command,
		       struct report *report)
{
	bool has_length = object_is_set(object, VSERVER_DATA_LENGTH);
	unsigned given = has_length ? VSERVER_DATA_LENGTH : VSERVER_DATA_OFFSET;

	if (!has_length && !object_is_set(object, VSERVER_DATA_OFFSET))
		return true;
	if (kind_same_family(object_text(object, VSERVER_PROTOCOL), STR("HTTP")))
		return fault(report, command, given,
			     "-dataOffset and -dataLength are for virtual servers of TCP: the "
			     "token of HTTP is what -rule names");
	return has_length || fault(report, command, VSERVER_DATA_OFFSET,
				   "-dataLength is missing: -dataOffset needs it");
}

static bool check_trusted(const struct object *object, const struct command *command,
			  struct report *report)
{
	bool is_on = object_number(object, VSERVER_PROXY_PROTOCOL) == OPTION_FIRST;
	struct str list = object_text(object, VSERVER_PROXY_PROTOCOL_TRUSTED), bad;
	struct network networks[NETWORKS_MAX];
	int count = networks_parse(list, networks, &bad);

	if (count < 0) {
		report_fault(report, command_column(command, VSERVER_PROXY_PROTOCOL_TRUSTED),
			     "-proxyProtocolTrusted takes at most %d networks such as 10.0.0.0/8 "
			     "or 2001:db8::1: %.*s is none of them",
			     (int)NETWORKS_MAX, STR_ARG(bad));
		return false;
	}
	if (!is_on || count > 0)
		return true;
	return fault(report, command, VSERVER_PROXY_PROTOCOL,
		     "-proxyProtocolTrusted is missing: -proxyProtocol ENABLED needs the networks "
		     "whose headers are believed");
}

static bool is_token(struct str text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f ||
		    strchr("()<>@,;:\\\"/[]?={}", text.at[i]) != NULL)
			return false;
	return text.length > 0;
}

static bool needs_request(uint64_t type)
{
	return type == PERSISTENCE_COOKIE || type == PERSISTENCE_URL_PASSIVE ||
	       type == PERSISTENCE_CUSTOM_ID;
}

static bool needs_rule(uint64_t type)
{
	return type == PERSISTENCE_RULE || type == PERSISTENCE_URL_PASSIVE ||
	       type == PERSISTENCE_CUSTOM_ID;
}

static bool check_rule(const struct object *object, const struct command *command,
		       struct report *report)
{
	uint64_t type = object_number(object, VSERVER_PERSISTENCE_TYPE);
	bool is_token_method = str_equal(object_text(object, VSERVER_LB_METHOD), STR("TOKEN"));
	struct extract extract = { EXTRACT_NONE, { NULL, 0 } };
	bool is_known = extract_parse(object_text(object, VSERVER_RULE), &extract);
	bool has_rule = !str_equal(object_text(object, VSERVER_RULE), STR("\"none\""));
	bool is_http = kind_same_family(object_text(object, VSERVER_PROTOCOL), STR("HTTP"));

	if (needs_rule(type) && !has_rule)
		return fault(report, command, VSERVER_PERSISTENCE_TYPE,
			     "-rule is missing: this -persistenceType needs it");
	if ((needs_rule(type) || is_token_method) && has_rule && !is_known)
		return fault(report, command, VSERVER_RULE,
			     "-rule must be one of HTTP.REQ.URL, HTTP.REQ.HOSTNAME, "
			     "HTTP.REQ.HEADER(\"name\"), HTTP.REQ.URL.QUERY.VALUE(\"name\"), "
			     "HTTP.REQ.COOKIE.VALUE(\"name\") and CLIENT.IP.SRC here");
	if (!is_http &&
	    (needs_request(type) || (type == PERSISTENCE_RULE && extract.from != EXTRACT_SOURCE)))
		return fault(report, command, VSERVER_PERSISTENCE_TYPE,
			     "this -persistenceType needs a virtual server of HTTP");
	return true;
}

static bool check_persistence(const struct object *object, const struct command *command,
			      struct report *report)
{
	struct str cookie = object_text(object, VSERVER_COOKIE_NAME);
	uint32_t mask;

	if (!kind_netmask(object_text(object, VSERVER_PERSIST_MASK), &mask))
		return fault(report, command, VSERVER_PERSIST_MASK,
			     "-persistMask must be a mask of IPv4 such as 255.255.255.0");
	if (object_is_set(object, VSERVER_COOKIE_NAME) && !is_token(cookie))
		return fault(report, command, VSERVER_COOKIE_NAME,
			     "-cookieName must not be empty, nor have blanks or any of "
			     "()<>@,;:\\\"/[]?={}");
	return check_rule(object, command, report);
}

/* "/path argument ..." or "http://..." */
static bool check_provision(const struct object *object, const struct command *command,
			    struct report *report)
{
	struct str target = object_text(object, VSERVER_SO_PROVISION);
	bool is_good = target.length == 0 || str_starts(target, STR("/")) ||
		       str_starts_nocase(target, STR("http://"));

	for (size_t i = 0; i < target.length; i++)
		is_good &= (unsigned char)target.at[i] >= ' ';
	return is_good || fault(report, command, VSERVER_SO_PROVISION,
				"-soProvision must be the absolute path of a program, with "
				"arguments, or a URL: /... or http://...");
}

/* What is kept, and good for nothing as it stands. */
static void warn_redirect(const struct object *object, const struct command *command,
			  struct report *report)
{
	bool is_asked = str_equal(object_text(object, VSERVER_SO_BACKUP_ACTION), STR("REDIRECT"));
	bool has_url = object_text(object, VSERVER_REDIRECT_URL).length > 0;
	unsigned column = command_column(command, VSERVER_REDIRECT_URL);

	if (column == 0)
		column = command_column(command, VSERVER_SO_BACKUP_ACTION);
	if (column == 0 || (!is_asked && !has_url))
		return;
	if (!kind_same_family(object_text(object, VSERVER_PROTOCOL), STR("HTTP")))
		report_warning(report, column,
			       "only clients of HTTP can be redirected: those of %.*s are reset",
			       STR_ARG(object_name(object)));
	else if (!has_url)
		report_warning(report, column,
			       "there is no -redirectURL: until there is, clients are dropped");
}

bool kind_vserver_check(const struct config *config, struct object *object,
			const struct command *command, struct report *report)
{
	struct str url = object_text(object, VSERVER_REDIRECT_URL);

	if (url.length > 0 && !is_url(url))
		return fault(report, command, VSERVER_REDIRECT_URL,
			     "-redirectURL must be an absolute URL or a path: http://..., "
			     "https://... or /...");
	warn_redirect(object, command, report);
	return check_netmask(object, command, report) && check_data(object, command, report) &&
	       check_trusted(object, command, report) && check_provision(object, command, report) &&
	       check_persistence(object, command, report) &&
	       check_spillover(object, command, report) && check_queue(object, command, report) &&
	       check_uses(object, command, report) && check_deal(object, command, report) &&
	       check_backup(config, object, command, report) &&
	       check_address(config, object, command, report);
}
