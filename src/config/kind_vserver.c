/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_queue.h"
#include "config/command.h"
#include "config/config.h"
#include "config/kind_vserver_check.h"
#include "config/object.h"
#include "model/snapshot.h"

static const char by_connections[] = "the least loaded service is taken";
static const char one_by_one[] = "each connection is balanced by itself";

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
	[SO_METHOD_BANDWIDTH] = { "BANDWIDTH", NULL },
	[SO_METHOD_HEALTH] = { "HEALTH", NULL },
	[SO_METHOD_NONE] = { "NONE", NULL },
	[SO_METHOD_SSLSESSION] = { "SSLSESSION", NULL },
	[SO_METHOD_REQUEST] = { "REQUEST", NULL },
	[SO_METHOD_REQUESTRATE] = { "REQUESTRATE", NULL },
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
							   "not by itself, an operator raises "
							   "-newServiceRequest",
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
	[VSERVER_DATA_OFFSET] = { .name = "dataOffset",
				  .type = OPTION_NUMBER,
				  .most = 25400,
				  .unit = "B",
				  .help = "where the token of TOKEN begins in what a client of TCP "
					  "says first",
				  .since = "0.1" },
	[VSERVER_DATA_LENGTH] = { .name = "dataLength",
				  .type = OPTION_NUMBER,
				  .least = 1,
				  .most = 100,
				  .unit = "B",
				  .help = "how long that token is",
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
						  "for clients which are known; of a rate: what "
						  "may "
						  "come at once, in kilobits or requests",
					  .since = "0.1" },
	[VSERVER_SO_QUEUE_DEPTH] = { .name = "soQueueDepth",
				     .type = OPTION_NUMBER,
				     .is_ours = true,
				     .most = QUOTA_QUEUE_DEPTH_MAX,
				     .standard = "0",
				     .help = "so many clients, or requests with -soMethod REQUEST, "
					     "wait in line for the limit before others spill",
				     .since = "0.1" },
	[VSERVER_SO_QUEUE_TIMEOUT] = { .name = "soQueueTimeout",
				       .type = OPTION_NUMBER,
				       .is_ours = true,
				       .least = 1,
				       .most = 600000,
				       .standard = "1000",
				       .unit = "ms",
				       .help = "a client, or request, that waited so long in line "
					       "spills",
				       .since = "0.1" },
	[VSERVER_SO_BATCH] = { .name = "soBatch",
			       .type = OPTION_NUMBER,
			       .is_ours = true,
			       .most = 100,
			       .unit = "%",
			       .help = "part of the rest that an engine borrows at a time; without "
				       "it -grantQuotaSpillOver of ns param",
			       .since = "0.1" },
	[VSERVER_SO_PROVISION] = { .name = "soProvision",
				   .type = OPTION_TEXT,
				   .is_ours = true,
				   .help = "program (/path argument ...) that is run, or URL that "
					   "gets a POST, when it begins to spill and when that "
					   "ends",
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
	[VSERVER_KNOWN_AS] = { .name = "knownAs",
			       .type = OPTION_TEXT,
			       .is_ours = true,
			       .help = "name by which persistence knows it, without it its own: a "
				       "rename sets it, so that clients come back",
			       .since = "0.1" },
};

const struct kind kind_vserver = {
	.id = KIND_VSERVER,
	.object = "lb vserver",
	.help = "what clients reach: balances its services, spills to its backup",
	.has_state = true,
	.state = VSERVER_STATE,
	.check = kind_vserver_check,
	.options = options,
	.option_count = VSERVER_OPTIONS,
	.position_count = 4,
};
