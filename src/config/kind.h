/* SPDX-License-Identifier: Apache-2.0
 * kind.h - the types of objects that Spillway supports: the one table of them and their options.
 *
 * The rows of each kind stand in its own file (kind_server.c, kind_service.c, ...), with the
 * indices of its options here. Option 0 is always the name.
 */
#pragma once

#include "config/kind_monitor.h"
#include "config/option.h"

enum kind_id {
	KIND_SERVER,
	KIND_SERVICE,
	KIND_GROUP,    /* serviceGroup */
	KIND_VSERVER,  /* lb vserver */
	KIND_MONITOR,  /* lb monitor */
	KIND_NS_PARAM, /* one object without a name, always there */
	KIND_COUNT
};

struct command;
struct config;
struct report;

struct kind {
	enum kind_id id;
	const char *object; /* as the reference spells it: "lb vserver" */
	const char *help;
	bool is_single; /* one object, always there, without a name */
	bool has_state; /* enable and disable work on option `state` */
	unsigned state; /* index of that option */
	const struct option *options;
	unsigned option_count, position_count;
	/* Whether the object as it is now may stand; called after add, set and unset of it, before
	 * that is kept; may settle values that depend on others. Says why not. NULL: it may. */
	bool (*check)(const struct config *config, struct object *object,
		      const struct command *command, struct report *report);
};

extern const struct kind *const kinds[KIND_COUNT];

const struct kind *kind_find(struct str object); /* case does not matter; NULL: none */
/* Protocols that may stand together (a vserver, its services, its backup) have the same family.
 * The names are those of -serviceType: "HTTP", "SSL". */
bool kind_same_family(struct str protocol, struct str other);
/* Defaults of idle time-outs, which depend on the protocol. */
const char *kind_client_timeout(struct str protocol);
const char *kind_server_timeout(struct str protocol);

extern const struct choice kind_service_protocols[]; /* the first two are those of enum protocol */
extern const struct choice kind_vserver_protocols[];
extern const struct kind kind_server, kind_service, kind_group, kind_vserver, kind_monitor,
	kind_ns_param;

/* Index of an option of that name, -1: none. Case does not matter, no abbreviations. */
int kind_option(const struct kind *kind, struct str name);

enum { SERVER_NAME, SERVER_ADDRESS, SERVER_STATE, SERVER_COMMENT, SERVER_OPTIONS };

enum {
	SERVICE_NAME,
	SERVICE_SERVER, /* name of the server */
	SERVICE_PROTOCOL,
	SERVICE_PORT,
	SERVICE_MAX_CLIENT,
	SERVICE_HEALTH_MONITOR,
	SERVICE_MAX_REQ,
	SERVICE_CIP,
	SERVICE_CIP_HEADER,
	SERVICE_CLT_TIMEOUT,
	SERVICE_SVR_TIMEOUT,
	SERVICE_STATE,
	SERVICE_MON_THRESHOLD,
	SERVICE_DOWN_STATE_FLUSH,
	SERVICE_MAX_BANDWIDTH,
	SERVICE_USIP,
	SERVICE_USE_PROXY_PORT,
	SERVICE_SP,
	SERVICE_CKA,
	SERVICE_TCPB,
	SERVICE_CMP,
	SERVICE_CACHEABLE,
	SERVICE_COMMENT,
	SERVICE_OPTIONS
};

enum {
	GROUP_NAME,
	GROUP_PROTOCOL,
	GROUP_MAX_CLIENT,
	GROUP_HEALTH_MONITOR,
	GROUP_MAX_REQ,
	GROUP_CIP,
	GROUP_CIP_HEADER,
	GROUP_CLT_TIMEOUT,
	GROUP_SVR_TIMEOUT,
	GROUP_STATE,
	GROUP_MON_THRESHOLD,
	GROUP_DOWN_STATE_FLUSH,
	GROUP_MAX_BANDWIDTH,
	GROUP_USIP,
	GROUP_USE_PROXY_PORT,
	GROUP_SP,
	GROUP_CKA,
	GROUP_TCPB,
	GROUP_CMP,
	GROUP_CACHEABLE,
	GROUP_COMMENT,
	GROUP_OPTIONS
};

enum {
	VSERVER_NAME,
	VSERVER_PROTOCOL,
	VSERVER_ADDRESS,
	VSERVER_PORT,
	VSERVER_LB_METHOD,
	VSERVER_STATE,
	VSERVER_CLT_TIMEOUT,
	VSERVER_SO_METHOD,
	VSERVER_SO_THRESHOLD,
	VSERVER_SO_PERSISTENCE,
	VSERVER_SO_PERSISTENCE_TIMEOUT,
	VSERVER_SO_BACKUP_ACTION,
	VSERVER_SO_QUOTA_MODE,
	VSERVER_SO_EXCLUSIVE,
	VSERVER_SO_BATCH,
	VSERVER_BACKUP,
	VSERVER_REDIRECT_URL,
	VSERVER_DISABLE_PRIMARY_ON_DOWN,
	VSERVER_PERSISTENCE_TYPE,
	VSERVER_PERSISTENCE_TIMEOUT,
	VSERVER_DOWN_STATE_FLUSH,
	VSERVER_HEALTH_THRESHOLD,
	VSERVER_COMMENT,
	VSERVER_OPTIONS
};

enum {
	SO_METHOD_CONNECTION,
	SO_METHOD_DYNAMICCONNECTION,
	SO_METHOD_BANDWIDTH,
	SO_METHOD_HEALTH,
	SO_METHOD_NONE,
	SO_METHOD_SSLSESSION,
	SO_METHOD_REQUEST
};

enum {
	NS_PARAM_NAME, /* unused: empty */
	NS_PARAM_EXCLUSIVE_MAX_CLIENT,
	NS_PARAM_GRANT_MAX_CLIENT,
	NS_PARAM_EXCLUSIVE_SPILLOVER,
	NS_PARAM_GRANT_SPILLOVER,
	NS_PARAM_OPTIONS
};
