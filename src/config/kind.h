/* SPDX-License-Identifier: Apache-2.0
 * kind.h - the types of objects that Spillway supports: the one table of them and their options.
 *
 * The rows of each kind stand in its own file (kind_server.c, kind_target.c, ...), with the indices
 * of its options here. Option 0 is always the name.
 */
#pragma once

#include "config/kind_monitor.h"
#include "config/kind_param.h"
#include "config/kind_server.h"
#include "config/option.h"

enum kind_id {
	KIND_SERVER,
	KIND_SERVICE,
	KIND_GROUP,           /* serviceGroup */
	KIND_VSERVER,         /* lb vserver */
	KIND_MONITOR,         /* lb monitor */
	KIND_NAME_SERVER,     /* dns nameServer; its name is its address */
	KIND_NS_PARAM,        /* one object without a name, always there */
	KIND_SPILLOVER_PARAM, /* likewise */
	KIND_LB_PARAMETER,    /* likewise */
	KIND_SPILLOVER_ACTION,
	KIND_SPILLOVER_POLICY,
	KIND_METRIC_TABLE, /* lb metricTable */
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
	const unsigned *places; /* options by place; NULL: the first ones, in order */
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
/* A mask of IPv4 with at least one bit: "255.255.255.0" or "0xFFFFFF00"; *mask in network order. */
bool kind_netmask(struct str text, uint32_t *mask) MUST_USE;

extern const struct choice kind_service_protocols[]; /* the first two are those of enum protocol */
extern const struct choice kind_vserver_protocols[];
extern const struct kind kind_server, kind_service, kind_group, kind_vserver, kind_monitor,
	kind_name_server, kind_ns_param, kind_lb_parameter, kind_spillover_param,
	kind_spillover_action, kind_spillover_policy, kind_metric_table;

/* The option that an argument by place sets: place < position_count. */
static inline unsigned kind_place(const struct kind *kind, unsigned place)
{
	return kind->places != NULL ? kind->places[place] : place;
}
/* Index of an option of that name, -1: none. Case does not matter, no abbreviations. */
int kind_option(const struct kind *kind, struct str name);

/* A service and a service group have these rows, at the same index; a service has more. */
enum {
	TARGET_NAME,
	TARGET_PROTOCOL,
	TARGET_MAX_CLIENT,
	TARGET_HEALTH_MONITOR,
	TARGET_MAX_REQ,
	TARGET_CIP,
	TARGET_CIP_HEADER,
	TARGET_CLT_TIMEOUT,
	TARGET_SVR_TIMEOUT,
	TARGET_STATE,
	TARGET_MON_THRESHOLD,
	TARGET_DOWN_STATE_FLUSH,
	TARGET_MAX_BANDWIDTH,
	TARGET_PROXY_PROTOCOL,
	TARGET_USIP,
	TARGET_USE_PROXY_PORT,
	TARGET_SP,
	TARGET_CKA,
	TARGET_TCPB,
	TARGET_CMP,
	TARGET_CACHEABLE,
	TARGET_COMMENT,
	TARGET_KNOWN_AS,
	TARGET_OPTIONS,
	SERVICE_SERVER = TARGET_OPTIONS, /* name of the server */
	SERVICE_PORT,
	SERVICE_CUSTOM_ID,
	SERVICE_HASH_ID,
	SERVICE_OPTIONS
};

enum {
	VSERVER_NAME,
	VSERVER_PROTOCOL,
	VSERVER_ADDRESS,
	VSERVER_PORT,
	VSERVER_LB_METHOD,
	VSERVER_BACKUP_LB_METHOD,
	VSERVER_NEW_SERVICE_REQUEST,
	VSERVER_NEW_SERVICE_REQUEST_UNIT,
	VSERVER_NEW_SERVICE_REQUEST_INTERVAL,
	VSERVER_HASH_LENGTH,
	VSERVER_NETMASK,
	VSERVER_V6_NETMASK_LENGTH,
	VSERVER_DATA_OFFSET,
	VSERVER_DATA_LENGTH,
	VSERVER_STATE,
	VSERVER_CLT_TIMEOUT,
	VSERVER_SO_METHOD,
	VSERVER_SO_THRESHOLD,
	VSERVER_SO_PERSISTENCE,
	VSERVER_SO_PERSISTENCE_TIMEOUT,
	VSERVER_SO_BACKUP_ACTION,
	VSERVER_SO_QUOTA_MODE,
	VSERVER_SO_EXCLUSIVE,
	VSERVER_SO_EXCLUSIVE_EACH,
	VSERVER_SO_SHARED,
	VSERVER_SO_BATCH,
	VSERVER_SO_ENGINE_THRESHOLD,
	VSERVER_SO_SHARED_THRESHOLD,
	VSERVER_SO_QUEUE_DEPTH,
	VSERVER_SO_QUEUE_TIMEOUT,
	VSERVER_SO_PROVISION,
	VSERVER_BACKUP,
	VSERVER_REDIRECT_URL,
	VSERVER_PROXY_PROTOCOL,
	VSERVER_PROXY_PROTOCOL_TRUSTED,
	VSERVER_DISABLE_PRIMARY_ON_DOWN,
	VSERVER_PERSISTENCE_TYPE,
	VSERVER_PERSISTENCE_TIMEOUT,
	VSERVER_PERSISTENCE_BACKUP,
	VSERVER_BACKUP_PERSISTENCE_TIMEOUT,
	VSERVER_PERSIST_MASK,
	VSERVER_V6_PERSIST_MASK_LENGTH,
	VSERVER_COOKIE_NAME,
	VSERVER_RULE,
	VSERVER_DOWN_STATE_FLUSH,
	VSERVER_HEALTH_THRESHOLD,
	VSERVER_SO_RAMP,
	VSERVER_SO_RETURN,
	VSERVER_SO_SHADOW,
	VSERVER_COMMENT,
	VSERVER_KNOWN_AS,
	VSERVER_OPTIONS
};

enum {
	SO_METHOD_CONNECTION,
	SO_METHOD_DYNAMICCONNECTION,
	SO_METHOD_BANDWIDTH,
	SO_METHOD_HEALTH,
	SO_METHOD_NONE,
	SO_METHOD_SSLSESSION,
	SO_METHOD_REQUEST,
	SO_METHOD_REQUESTRATE
};

enum { METRIC_TABLE_NAME, METRIC_TABLE_OPTIONS };

enum { SPILLOVER_ACTION_NAME, SPILLOVER_ACTION_ACTION, SPILLOVER_ACTION_OPTIONS };

enum {
	SPILLOVER_POLICY_NAME,
	SPILLOVER_POLICY_RULE,
	SPILLOVER_POLICY_ACTION, /* name of the action */
	SPILLOVER_POLICY_COMMENT,
	SPILLOVER_POLICY_OPTIONS
};
