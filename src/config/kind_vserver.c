/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_queue.h"
#include "base/address.h"
#include "config/command.h"
#include "config/config.h"
#include "config/networks.h"
#include "config/object.h"
#include "model/snapshot.h"

static const char by_connections[] = "the least loaded service is taken";
static const char one_by_one[] = "each connection is balanced by itself";
static const char no_limit[] = "there is no limit";

static const struct choice methods[] = {
	{ "ROUNDROBIN", NULL },
	{ "LEASTCONNECTION", NULL },
	{ "LEASTRESPONSETIME", NULL },
	{ "URLHASH", NULL },
	{ "DOMAINHASH", NULL },
	{ "DESTINATIONIPHASH", NULL },
	{ "SOURCEIPHASH", NULL },
	{ "SRCIPDESTIPHASH", NULL },
	{ "LEASTBANDWIDTH", NULL },
	{ "LEASTPACKETS", NULL },
	{ "TOKEN", NULL },
	{ "SRCIPSRCPORTHASH", NULL },
	{ "LRTM", NULL },
	{ "CALLIDHASH", by_connections },
	{ "CUSTOMLOAD", by_connections },
	{ "LEASTREQUEST", NULL },
	{ "AUDITLOGHASH", by_connections },
	{ "STATICPROXIMITY", by_connections },
	{ "USER_TOKEN", by_connections },
	{ NULL, NULL },
};

static const struct choice backup_methods[] = {
	{ "ROUNDROBIN", NULL },
	{ "LEASTCONNECTION", NULL },
	{ "LEASTRESPONSETIME", NULL },
	{ "SOURCEIPHASH", NULL },
	{ "LEASTBANDWIDTH", NULL },
	{ "LEASTPACKETS", NULL },
	{ "CUSTOMLOAD", "services are taken in turn" },
	{ NULL, NULL },
};

static const struct choice request_units[] = {
	{ "PER_SECOND", NULL },
	{ "PERCENT", NULL },
	{ NULL, NULL },
};

static const struct choice so_methods[] = {
	[SO_METHOD_CONNECTION] = { "CONNECTION", NULL },
	[SO_METHOD_DYNAMICCONNECTION] = { "DYNAMICCONNECTION", NULL },
	[SO_METHOD_BANDWIDTH] = { "BANDWIDTH", no_limit },
	[SO_METHOD_HEALTH] = { "HEALTH", NULL },
	[SO_METHOD_NONE] = { "NONE", NULL },
	[SO_METHOD_SSLSESSION] = { "SSLSESSION", NULL },
	[SO_METHOD_REQUEST] = { "REQUEST", NULL },
	{ NULL, NULL },
};

static const struct choice so_actions[] = {
	{ "DROP", NULL },
	{ "ACCEPT", NULL },
	{ "REDIRECT", NULL },
	{ NULL, NULL },
};

static const struct choice quota_modes[] = {
	[QUOTA_MODE_EXACT] = { "EXACT", NULL },
	[QUOTA_MODE_PATENT] = { "PATENT", NULL },
	{ NULL, NULL },
};

/* The first ones in the order of enum persistence_type. */
static const struct choice persistence_types[] = {
	[PERSISTENCE_NONE] = { "NONE", NULL },
	[PERSISTENCE_SOURCE] = { "SOURCEIP", NULL },
	[PERSISTENCE_COOKIE] = { "COOKIEINSERT", NULL },
	[PERSISTENCE_RULE] = { "RULE", NULL },
	[PERSISTENCE_URL_PASSIVE] = { "URLPASSIVE", NULL },
	[PERSISTENCE_CUSTOM_ID] = { "CUSTOMSERVERID", NULL },
	[PERSISTENCE_DESTINATION] = { "DESTIP", NULL },
	[PERSISTENCE_SOURCE_DESTINATION] = { "SRCIPDESTIP", NULL },
	{ "SSLSESSION", one_by_one },
	{ "CALLID", one_by_one },
	{ "RTSPSID", one_by_one },
	{ "DIAMETER", one_by_one },
	{ "FIXSESSION", one_by_one },
	{ "USERSESSION", one_by_one },
	{ NULL, NULL },
};

static const struct choice persistence_backups[] = {
	{ "NONE", NULL },
	{ "SOURCEIP", NULL },
	{ NULL, NULL },
};

static const char *client_timeout(const struct object *object)
{
	return kind_client_timeout(object_text(object, VSERVER_PROTOCOL));
}

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

	if (method == SO_METHOD_REQUEST)
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
			     method == SO_METHOD_REQUEST
				     ? "-soMethod REQUEST counts HTTP requests: the virtual server "
				       "must be of HTTP or SSL"
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

/* IPv4 has one spelling, IPv6 has many. */
static bool same_address(struct str text, struct str other)
{
	struct address one, two;

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
	bool is_http = kind_same_family(object_text(object, VSERVER_PROTOCOL), STR("HTTP"));

	if (needs_rule(type) && !object_is_set(object, VSERVER_RULE))
		return fault(report, command, VSERVER_PERSISTENCE_TYPE,
			     "-rule is missing: this -persistenceType needs it");
	if ((needs_rule(type) || is_token_method) && object_is_set(object, VSERVER_RULE) &&
	    !is_known)
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

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct str url = object_text(object, VSERVER_REDIRECT_URL);

	if (url.length > 0 && !is_url(url))
		return fault(report, command, VSERVER_REDIRECT_URL,
			     "-redirectURL must be an absolute URL or a path: http://..., "
			     "https://... or /...");
	return check_netmask(object, command, report) && check_trusted(object, command, report) &&
	       check_persistence(object, command, report) &&
	       check_spillover(object, command, report) && check_queue(object, command, report) &&
	       check_deal(object, command, report) &&
	       check_backup(config, object, command, report) &&
	       check_address(config, object, command, report);
}

static const struct option options[VSERVER_OPTIONS] = {
	[VSERVER_NAME] = { .name = "name",
			   .type = OPTION_TEXT,
			   .is_position = true,
			   .is_once = true,
			   .help = "name of the virtual server",
			   .since = "0.1" },
	[VSERVER_PROTOCOL] = { .name = "serviceType",
			       .type = OPTION_CHOICE,
			       .is_position = true,
			       .is_once = true,
			       .choices = kind_vserver_protocols,
			       .help = "what clients speak",
			       .since = "0.1" },
	[VSERVER_ADDRESS] = { .name = "IPAddress",
			      .type = OPTION_ADDRESS,
			      .is_position = true,
			      .is_optional = true,
			      .standard = "0.0.0.0",
			      .help = "address that clients reach; 0.0.0.0 with port 0: only as a "
				      "backup",
			      .since = "0.1" },
	[VSERVER_PORT] = { .name = "port",
			   .type = OPTION_PORT,
			   .is_position = true,
			   .is_optional = true,
			   .is_once = true,
			   .most = 65535,
			   .standard = "0",
			   .help = "port that clients reach",
			   .since = "0.1" },
	[VSERVER_LB_METHOD] = { .name = "lbMethod",
				.type = OPTION_CHOICE,
				.choices = methods,
				.standard = "LEASTCONNECTION",
				.help = "how a service is chosen",
				.since = "0.1" },
	[VSERVER_BACKUP_LB_METHOD] = { .name = "backupLBMethod",
				       .type = OPTION_CHOICE,
				       .choices = backup_methods,
				       .standard = "ROUNDROBIN",
				       .help = "how a service is chosen when -lbMethod has nothing "
					       "to "
					       "go by: TOKEN no text, LRTM no response time",
				       .since = "0.1" },
	[VSERVER_NEW_SERVICE_REQUEST] = { .name = "newServiceRequest",
					  .type = OPTION_NUMBER,
					  .follower = VSERVER_NEW_SERVICE_REQUEST_UNIT,
					  .most = 4294967295,
					  .standard = "0",
					  .help = "what a service that has come up gets of new "
						  "clients "
						  "or requests at first, and more with every "
						  "interval; "
						  "0: its whole share at once",
					  .since = "0.1" },
	[VSERVER_NEW_SERVICE_REQUEST_UNIT] = { .name = "newServiceRequestUnit",
					       .type = OPTION_CHOICE,
					       .choices = request_units,
					       .standard = "PER_SECOND",
					       .help = "whether that is a number for each second "
						       "or a "
						       "percentage of what the others get",
					       .since = "0.1" },
	[VSERVER_NEW_SERVICE_REQUEST_INTERVAL] = { .name = "newServiceRequestIncrementInterval",
						   .type = OPTION_NUMBER,
						   .most = 3600,
						   .standard = "0",
						   .unit = "s",
						   .help = "after which it gets as much more; 0: "
							   "never",
						   .since = "0.1" },
	[VSERVER_HASH_LENGTH] = { .name = "hashLength",
				  .type = OPTION_NUMBER,
				  .least = 1,
				  .most = 4096,
				  .standard = "80",
				  .help = "bytes of the URL or the host name that URLHASH and "
					  "DOMAINHASH look at",
				  .since = "0.1" },
	[VSERVER_NETMASK] = { .name = "netmask",
			      .type = OPTION_TEXT,
			      .standard = "0xFFFFFFFF",
			      .help = "part of an IPv4 address that the hashes of addresses look "
				      "at",
			      .since = "0.1" },
	[VSERVER_V6_NETMASK_LENGTH] = { .name = "v6netmasklen",
					.type = OPTION_NUMBER,
					.least = 1,
					.most = 128,
					.standard = "128",
					.unit = "bits",
					.help = "part of an IPv6 address that the hashes of "
						"addresses look at",
					.since = "0.1" },
	[VSERVER_STATE] = { .name = "state",
			    .type = OPTION_CHOICE,
			    .choices = option_enabled_disabled,
			    .is_once = true,
			    .standard = "ENABLED",
			    .help = "whether it takes clients",
			    .since = "0.1" },
	[VSERVER_CLT_TIMEOUT] = { .name = "cltTimeout",
				  .type = OPTION_NUMBER,
				  .most = 31536000,
				  .standard_of = client_timeout,
				  .unit = "s",
				  .help = "an idle client connection is closed after it",
				  .since = "0.1" },
	[VSERVER_SO_METHOD] = { .name = "soMethod",
				.type = OPTION_CHOICE,
				.choices = so_methods,
				.standard = "NONE",
				.help = "what is counted for spillover",
				.since = "0.1" },
	[VSERVER_SO_THRESHOLD] = { .name = "soThreshold",
				   .type = OPTION_NUMBER,
				   .least = 1,
				   .most = 4294967287,
				   .help = "limit from which on clients spill to the backup",
				   .since = "0.1" },
	[VSERVER_SO_PERSISTENCE] = { .name = "soPersistence",
				     .type = OPTION_CHOICE,
				     .choices = option_enabled_disabled,
				     .standard = "DISABLED",
				     .help = "whether clients stay for a while with the virtual "
					     "server that served them last, also after a spill",
				     .since = "0.1" },
	[VSERVER_SO_PERSISTENCE_TIMEOUT] = { .name = "soPersistenceTimeOut",
					     .type = OPTION_NUMBER,
					     .least = 2,
					     .most = 1440,
					     .standard = "2",
					     .unit = "min",
					     .help = "how long they stay, since they last came",
					     .since = "0.1" },
	[VSERVER_SO_BACKUP_ACTION] = { .name = "soBackupAction",
				       .type = OPTION_CHOICE,
				       .choices = so_actions,
				       .help = "what is done above the limit without a usable "
					       "backup",
				       .since = "0.1" },
	[VSERVER_SO_QUOTA_MODE] = { .name = "soQuotaMode",
				    .type = OPTION_CHOICE,
				    .is_ours = true,
				    .choices = quota_modes,
				    .standard = "EXACT",
				    .help = "whether an engine that has no unit of the limit left "
					    "takes what is free on others (EXACT), or spills "
					    "(PATENT)",
				    .since = "0.1" },
	[VSERVER_SO_EXCLUSIVE] = { .name = "soExclusive",
				   .type = OPTION_NUMBER,
				   .is_ours = true,
				   .most = 100,
				   .unit = "%",
				   .help = "part of the limit that is dealt out to the engines; "
					   "without it -exclusiveQuotaSpillOver of ns param",
				   .since = "0.1" },
	[VSERVER_SO_EXCLUSIVE_EACH] = { .name = "soExclusiveEach",
					.type = OPTION_NUMBER,
					.is_ours = true,
					.most = 67108864,
					.help = "so many units of the limit are dealt out to each "
						"engine; instead of -soExclusive",
					.since = "0.1" },
	[VSERVER_SO_SHARED] = { .name = "soShared",
				.type = OPTION_AMOUNT,
				.is_ours = true,
				.most = 4294967287,
				.help = "part of the limit that is not dealt out to the engines; "
					"instead of -soExclusive",
				.since = "0.1" },
	[VSERVER_SO_ENGINE_THRESHOLD] = { .name = "soEngineThreshold",
					  .type = OPTION_AMOUNT,
					  .is_ours = true,
					  .most = 4294967287,
					  .standard = "100%",
					  .help = "uses, or part of its exclusive number, from "
						  "which "
						  "on an engine spills while the shared pool is at "
						  "-soSharedThreshold",
					  .since = "0.1" },
	[VSERVER_SO_SHARED_THRESHOLD] = { .name = "soSharedThreshold",
					  .type = OPTION_AMOUNT,
					  .is_ours = true,
					  .most = 4294967287,
					  .standard = "0",
					  .help = "uses, or part of the shared pool, that are kept "
						  "for clients which are known",
					  .since = "0.1" },
	[VSERVER_SO_QUEUE_DEPTH] = { .name = "soQueueDepth",
				     .type = OPTION_NUMBER,
				     .is_ours = true,
				     .most = QUOTA_QUEUE_DEPTH_MAX,
				     .standard = "0",
				     .help = "so many clients wait in line for the limit of client "
					     "connections before others spill",
				     .since = "0.1" },
	[VSERVER_SO_QUEUE_TIMEOUT] = { .name = "soQueueTimeout",
				       .type = OPTION_NUMBER,
				       .is_ours = true,
				       .least = 1,
				       .most = 600000,
				       .standard = "1000",
				       .unit = "ms",
				       .help = "a client that waited so long in line spills",
				       .since = "0.1" },
	[VSERVER_SO_BATCH] = { .name = "soBatch",
			       .type = OPTION_NUMBER,
			       .is_ours = true,
			       .most = 100,
			       .unit = "%",
			       .help = "part of the rest that an engine borrows at a time; without "
				       "it -grantQuotaSpillOver of ns param",
			       .since = "0.1" },
	[VSERVER_BACKUP] = { .name = "backupVServer",
			     .type = OPTION_TEXT,
			     .help = "virtual server that takes over when this one is full or down",
			     .since = "0.1" },
	[VSERVER_REDIRECT_URL] = { .name = "redirectURL",
				   .type = OPTION_TEXT,
				   .help = "where clients are sent when neither it nor a backup "
					   "can serve them",
				   .since = "0.1" },
	[VSERVER_PROXY_PROTOCOL] = { .name = "proxyProtocol",
				     .type = OPTION_CHOICE,
				     .is_ours = true,
				     .choices = option_enabled_disabled,
				     .standard = "DISABLED",
				     .help = "whether proxies of -proxyProtocolTrusted say in the "
					     "header of the PROXY protocol who their client is",
				     .since = "0.1" },
	[VSERVER_PROXY_PROTOCOL_TRUSTED] = { .name = "proxyProtocolTrusted",
					     .type = OPTION_LIST,
					     .is_ours = true,
					     .help = "networks of those proxies; the header of "
						     "others is not believed",
					     .since = "0.1" },
	[VSERVER_DISABLE_PRIMARY_ON_DOWN] = { .name = "disablePrimaryOnDown",
					      .type = OPTION_CHOICE,
					      .choices = option_enabled_disabled,
					      .standard = "DISABLED",
					      .help = "whether it stays out after it was down "
						      "until it is enabled",
					      .since = "0.1" },
	[VSERVER_PERSISTENCE_TYPE] = { .name = "persistenceType",
				       .type = OPTION_CHOICE,
				       .choices = persistence_types,
				       .standard = "NONE",
				       .help = "how a client is known again and sent to the same "
					       "service",
				       .since = "0.1" },
	[VSERVER_PERSISTENCE_TIMEOUT] = { .name = "timeout",
					  .type = OPTION_NUMBER,
					  .most = 1440,
					  .standard = "2",
					  .unit = "min",
					  .help = "how long a client is known since it was last "
						  "here; "
						  "0: for ever, a cookie as long as the browser "
						  "runs",
					  .since = "0.1" },
	[VSERVER_PERSISTENCE_BACKUP] = { .name = "persistenceBackup",
					 .type = OPTION_CHOICE,
					 .choices = persistence_backups,
					 .standard = "NONE",
					 .help = "what a client is known by that shows no cookie "
						 "and nothing that -rule names",
					 .since = "0.1" },
	[VSERVER_BACKUP_PERSISTENCE_TIMEOUT] = { .name = "backupPersistenceTimeout",
						 .type = OPTION_NUMBER,
						 .least = 2,
						 .most = 1440,
						 .standard = "2",
						 .unit = "min",
						 .help = "how long it is known by that",
						 .since = "0.1" },
	[VSERVER_PERSIST_MASK] = { .name = "persistMask",
				   .type = OPTION_TEXT,
				   .standard = "0xFFFFFFFF",
				   .help = "part of an IPv4 address that clients are known by",
				   .since = "0.1" },
	[VSERVER_V6_PERSIST_MASK_LENGTH] = { .name = "v6persistmasklen",
					     .type = OPTION_NUMBER,
					     .least = 1,
					     .most = 128,
					     .standard = "128",
					     .unit = "bits",
					     .help = "part of an IPv6 address that clients are "
						     "known "
						     "by",
					     .since = "0.1" },
	[VSERVER_COOKIE_NAME] = { .name = "cookieName",
				  .type = OPTION_TEXT,
				  .help = "name of the cookie of COOKIEINSERT; without it NSC_ and "
					  "the "
					  "name of the virtual server",
				  .since = "0.1" },
	[VSERVER_RULE] = { .name = "rule",
			   .type = OPTION_TEXT,
			   .standard = "\"none\"",
			   .help = "text of the request that clients are known by: HTTP.REQ.URL, "
				   "HTTP.REQ.HOSTNAME, HTTP.REQ.HEADER(\"name\"), "
				   "HTTP.REQ.URL.QUERY.VALUE(\"name\"), "
				   "HTTP.REQ.COOKIE.VALUE(\"name\") or CLIENT.IP.SRC",
			   .since = "0.1" },
	[VSERVER_DOWN_STATE_FLUSH] = { .name = "downStateFlush",
				       .type = OPTION_CHOICE,
				       .choices = option_enabled_disabled,
				       .standard = "ENABLED",
				       .help = "whether connections are closed when it goes down",
				       .since = "0.1" },
	[VSERVER_HEALTH_THRESHOLD] = { .name = "healthThreshold",
				       .type = OPTION_NUMBER,
				       .most = 100,
				       .standard = "0",
				       .unit = "%",
				       .help = "part of the services that must be up for it to be "
					       "up",
				       .since = "0.1" },
	[VSERVER_SO_RAMP] = { .name = "soRamp",
			      .type = OPTION_NUMBER,
			      .is_ours = true,
			      .least = 1,
			      .most = 99,
			      .unit = "%",
			      .help = "from this part of the limit on a rising share of the "
				      "clients "
				      "spills",
			      .since = "0.1" },
	[VSERVER_SO_RETURN] = { .name = "soReturn",
				.type = OPTION_NUMBER,
				.is_ours = true,
				.least = 1,
				.most = 99,
				.unit = "%",
				.help = "once the limit was reached clients spill until no more "
					"than "
					"this part of it is in use",
				.since = "0.1" },
	[VSERVER_SO_SHADOW] = { .name = "soShadow",
				.type = OPTION_CHOICE,
				.is_ours = true,
				.choices = option_enabled_disabled,
				.standard = "DISABLED",
				.help = "whether clients that would spill are counted and logged, "
					"but "
					"served",
				.since = "0.1" },
	[VSERVER_COMMENT] = { .name = "comment",
			      .type = OPTION_TEXT,
			      .help = "whatever an operator wants to remember",
			      .since = "0.1" },
};

const struct kind kind_vserver = {
	.id = KIND_VSERVER,
	.object = "lb vserver",
	.help = "what clients reach: balances its services, spills to its backup",
	.has_state = true,
	.state = VSERVER_STATE,
	.check = check,
	.options = options,
	.option_count = VSERVER_OPTIONS,
	.position_count = 4,
};
