/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan.h"

#include "base/hash.h"
#include "base/sip.h"
#include "config/config_priv.h"
#include "config/known_as.h"
#include "config/leave.h"
#include "config/networks.h"
#include "config/plan_monitor.h"
#include "config/plan_persistence.h"
#include "config/plan_policy.h"
#include "config/plan_user.h"
#include "lb/lb.h"

/* While a plan is made. */
struct planner {
	const struct config *config;
	struct plan *plan;
	uint32_t service_room;
	struct hash by_uid; /* of services and vservers: to their index + 1 */
};

static void remember(struct planner *in, uint64_t uid, uint32_t index)
{
	struct str key = { (const char *)&uid, sizeof(uid) };

	hash_put(&in->by_uid, key, (void *)(uintptr_t)(index + 1));
}

static uint32_t recall(const struct planner *in, uint64_t uid)
{
	struct str key = { (const char *)&uid, sizeof(uid) };
	void *thing = hash_get(&in->by_uid, key);

	return thing != NULL ? (uint32_t)(uintptr_t)thing - 1 : MODEL_NONE;
}

/* Most members that services and groups can make. */
static uint32_t count_services(const struct config *config)
{
	uint32_t count = config_count(config, KIND_SERVICE);
	const struct object *group = config_next(config, KIND_GROUP, NULL);

	for (; group != NULL; group = config_next(config, KIND_GROUP, group))
		count += group->binding_count;
	return count;
}

static bool is_supported(const struct object *object, unsigned protocol)
{
	return object_number(object, protocol) <= PROTOCOL_TCP;
}

static uint32_t number32(const struct object *object, unsigned option)
{
	uint64_t number = object_number(object, option);

	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static uint32_t seconds_in_ms(const struct object *object, unsigned option)
{
	uint64_t ms = object_number(object, option) * 1000;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static struct plan_monitor plan_monitor(struct planner *in, uint64_t uid,
					const struct object *monitor)
{
	struct arena *arena = in->plan->arena;

	struct plan_monitor plan = { .uid = uid,
				     .object = monitor,
				     .name = arena_copy(arena, object_name(monitor)),
				     .weight = 1,
				     .conf = plan_monitor_conf(monitor, arena) };

	plan_monitor_metrics(in->config, monitor, arena, &plan.conf);
	return plan;
}

static const struct plan_monitor *plan_monitors(struct planner *in, const struct object *object,
						uint32_t *count)
{
	struct plan_monitor *monitors = arena_many(in->plan->arena, struct plan_monitor,
						   object->binding_count + 1);
	const struct object *standard = config_find(in->config, KIND_MONITOR, STR("tcp-default"));

	*count = 0;
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *binding = &object->bindings[i];

		if (binding->type != BINDING_MONITOR || binding->is_disabled ||
		    object_number(binding->target, MONITOR_STATE) != OPTION_FIRST)
			continue;
		monitors[*count] = plan_monitor(in, binding->uid, binding->target);
		monitors[*count].weight = binding->weight;
		monitors[(*count)++].is_passive = binding->is_passive;
	}
	if (*count == 0)
		monitors[(*count)++] = plan_monitor(in, standard->uid, standard);
	return monitors;
}

static void plan_client_ip(struct planner *in, const struct object *object,
			   struct plan_service *service)
{
	struct str field = object_text(object, TARGET_CIP_HEADER);

	if (object_number(object, TARGET_CIP) == OPTION_FIRST)
		service->client_ip_field = arena_copy(in->plan->arena, field);
}

/* What a service and a group say alike. */
static void plan_settings(struct planner *in, const struct object *object,
			  struct plan_service *service)
{
	service->object = object;
	service->protocol = (enum protocol)object_number(object, TARGET_PROTOCOL);
	service->max_client = number32(object, TARGET_MAX_CLIENT);
	if (service->max_client == 0)
		service->max_client = in->plan->max_conn;
	service->bandwidth = BYTES_OF_KBIT * object_number(object, TARGET_MAX_BANDWIDTH);
	service->max_requests_per_connection = number32(object, TARGET_MAX_REQ);
	service->server_timeout_ms = seconds_in_ms(object, TARGET_SVR_TIMEOUT);
	if (object_is_set(object, TARGET_CLT_TIMEOUT))
		service->client_timeout_ms = seconds_in_ms(object, TARGET_CLT_TIMEOUT);
	service->monitor_threshold = number32(object, TARGET_MON_THRESHOLD);
	service->flushes = object_number(object, TARGET_DOWN_STATE_FLUSH) == OPTION_FIRST;
	service->is_monitored = object_number(object, TARGET_HEALTH_MONITOR) == OPTION_FIRST;
	service->monitors = plan_monitors(in, object, &service->monitor_count);
	service->good_codes = plan_monitor_good_codes(service->monitors, service->monitor_count);
	plan_client_ip(in, object, service);
	service->sends_proxy_protocol = object_number(object, TARGET_PROXY_PROTOCOL) ==
					OPTION_FIRST;
	service->has_line = object_number(object, TARGET_SP) == OPTION_FIRST;
}

/* One whose name is not resolved is not reachable, and so never up. */
static void plan_address(struct planner *in, const struct object *server, uint64_t port,
			 struct plan_service *service)
{
	const struct learned *learned = &server->learned;

	service->address = learned->address;
	if (address_parse(object_text(server, SERVER_ADDRESS), (uint16_t)port, &service->address))
		return;
	if (learned->is_known) {
		address_set_port(&service->address, (uint16_t)port);
		return;
	}
	service->address = (struct address){ .v4.sin_family = AF_INET };
	service->unresolved = arena_print(
		in->plan->arena, "server %.*s: %s", STR_ARG(object_name(server)),
		learned->why[0] != '\0' ? learned->why : "not resolved yet");
}

/* The same on every appliance: a key comes to the same service on each. */
static uint64_t hash_of_name(struct str name)
{
	static const struct sip_key nobodys = { { 0, 0 } };

	return sip_hash(&nobodys, name.at, name.length);
}

static struct plan_service *take_service(struct planner *in, uint64_t uid)
{
	struct plan *plan = in->plan;

	must(plan->service_count < in->service_room);
	remember(in, uid, plan->service_count);
	plan->services[plan->service_count] = (struct plan_service){ .uid = uid };
	return &plan->services[plan->service_count++];
}

/* One of those that must be enabled for the service to be so. */
static void plan_state(struct plan_service *service, bool is_enabled, struct leave leave)
{
	if (is_enabled)
		return;
	service->leave = service->is_enabled ? leave : leave_both(service->leave, leave);
	service->is_enabled = false;
}

static void plan_one_service(struct planner *in, const struct object *object)
{
	const struct object *server = config_find(in->config, KIND_SERVER,
						  object_text(object, SERVICE_SERVER));
	struct plan_service *service;

	must(server != NULL);
	if (!is_supported(object, TARGET_PROTOCOL))
		return;
	service = take_service(in, object->uid);
	service->name = arena_copy(in->plan->arena, object_name(object));
	service->known_as = arena_copy(in->plan->arena, known_as(object));
	service->hash_id = hash_of_name(service->name);
	if (object_is_set(object, SERVICE_HASH_ID))
		service->hash_id = object_number(object, SERVICE_HASH_ID);
	if (object_is_set(object, SERVICE_CUSTOM_ID))
		service->custom_id = arena_copy(in->plan->arena,
						object_text(object, SERVICE_CUSTOM_ID));
	plan_address(in, server, object_number(object, SERVICE_PORT), service);
	service->is_enabled = true;
	plan_state(service, object_is_enabled(object), object->leave);
	plan_state(service, object_is_enabled(server), server->leave);
	plan_settings(in, object, service);
}

static struct str name_member(struct planner *in, struct str group, struct str server,
			      uint16_t port)
{
	return arena_print(in->plan->arena, "%.*s?%.*s?%u", STR_ARG(group), STR_ARG(server), port);
}

static void plan_member(struct planner *in, const struct object *group,
			const struct binding *binding)
{
	const struct object *server = binding->target;
	struct plan_service *service;

	if (binding->type != BINDING_MEMBER)
		return;
	service = take_service(in, binding->uid);
	service->name = name_member(in, object_name(group), object_name(server), binding->port);
	service->known_as = name_member(in, known_as(group), known_as(server), binding->port);
	service->hash_id = binding->hash_id > 0 ? binding->hash_id : hash_of_name(service->name);
	if (binding->name != NULL)
		service->custom_id = arena_copy(in->plan->arena, str_of(binding->name));
	plan_address(in, server, binding->port, service);
	service->is_enabled = true;
	plan_state(service, object_is_enabled(group), group->leave);
	plan_state(service, object_is_enabled(server), server->leave);
	plan_state(service, !binding->is_disabled, binding->leave);
	plan_settings(in, group, service);
}

static void plan_services(struct planner *in)
{
	const struct object *at = config_next(in->config, KIND_SERVICE, NULL);

	in->service_room = count_services(in->config);
	in->plan->services = arena_many(in->plan->arena, struct plan_service, in->service_room + 1);
	for (; at != NULL; at = config_next(in->config, KIND_SERVICE, at))
		plan_one_service(in, at);
	for (at = config_next(in->config, KIND_GROUP, NULL); at != NULL;
	     at = config_next(in->config, KIND_GROUP, at))
		for (unsigned i = 0; i < at->binding_count && is_supported(at, TARGET_PROTOCOL);
		     i++)
			plan_member(in, at, &at->bindings[i]);
}

static uint32_t count_members(const struct object *vserver)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < vserver->binding_count; i++) {
		const struct binding *binding = &vserver->bindings[i];

		count += binding->target != NULL && binding->target->kind->id == KIND_GROUP
				 ? binding->target->binding_count
				 : 1;
	}
	return count;
}

static void add_member(struct planner *in, struct plan_vserver *vserver,
		       struct plan_member *members, uint64_t uid, uint32_t weight)
{
	uint32_t index = recall(in, uid);

	if (index == MODEL_NONE || in->plan->services[index].protocol != vserver->protocol)
		return;
	members[vserver->member_count++] = (struct plan_member){ index, weight };
}

/* The weight of a group in a virtual server times that of a member, at most 100. */
static uint32_t weigh(uint32_t group, uint32_t member)
{
	return group * member < 100 ? group * member : 100;
}

static void plan_members(struct planner *in, const struct object *object,
			 struct plan_vserver *vserver)
{
	struct plan_member *members = arena_many(in->plan->arena, struct plan_member,
						 count_members(object) + 1);

	vserver->members = members;
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *binding = &object->bindings[i];
		const struct object *target = binding->target;

		if (binding->type == BINDING_SERVICE)
			add_member(in, vserver, members, target->uid, binding->weight);
		for (unsigned j = 0; binding->type == BINDING_GROUP && j < target->binding_count;
		     j++)
			add_member(in, vserver, members, target->bindings[j].uid,
				   weigh(binding->weight, target->bindings[j].weight));
	}
}

static enum so_backup_action action_of(const struct object *object)
{
	static const enum so_backup_action actions[] = { SO_BACKUP_DROP, SO_BACKUP_ACCEPT,
							 SO_BACKUP_REDIRECT };

	if (!object_is_set(object, VSERVER_SO_BACKUP_ACTION))
		return SO_BACKUP_DEFAULT;
	return actions[object_number(object, VSERVER_SO_BACKUP_ACTION)];
}

/* A method that is not there yet balances like the default. */
static const struct lb_method *method_of(const struct object *object)
{
	const struct lb_method *method = lb_find(object_text(object, VSERVER_LB_METHOD));

	if (method == NULL)
		method = lb_find(STR("LEASTCONNECTION"));
	must(method != NULL);
	return method;
}

static struct quota_amount amount_of(const struct object *object, unsigned option)
{
	uint64_t number = object_number(object, option);

	return (struct quota_amount){ (uint32_t)(number & ~OPTION_PERCENT),
				      (number & OPTION_PERCENT) != 0 };
}

static void set_deal(struct quota_rule *rule, enum quota_deal deal, struct quota_amount share)
{
	rule->deal = deal;
	rule->share = share;
	rule->is_fixed = true;
}

static bool is_rate(uint64_t method)
{
	return method == SO_METHOD_BANDWIDTH || method == SO_METHOD_REQUESTRATE;
}

/* What the virtual server says, else what is said for all. */
static struct quota_rule rule_of(const struct plan *plan, const struct object *object)
{
	struct quota_rule rule = plan->spillover;
	struct quota_amount each = { number32(object, VSERVER_SO_EXCLUSIVE_EACH), false };
	struct quota_amount percent = { number32(object, VSERVER_SO_EXCLUSIVE), true };

	if (object_is_set(object, VSERVER_SO_EXCLUSIVE))
		set_deal(&rule, QUOTA_DEAL_EXCLUSIVE, percent);
	else if (object_is_set(object, VSERVER_SO_EXCLUSIVE_EACH))
		set_deal(&rule, QUOTA_DEAL_EACH, each);
	else if (object_is_set(object, VSERVER_SO_SHARED))
		set_deal(&rule, QUOTA_DEAL_SHARED, amount_of(object, VSERVER_SO_SHARED));
	if (object_is_set(object, VSERVER_SO_BATCH))
		rule.batch = number32(object, VSERVER_SO_BATCH);
	rule.mode = (enum quota_mode)object_number(object, VSERVER_SO_QUOTA_MODE);
	if (object_is_set(object, VSERVER_SO_RETURN))
		rule.return_free = (struct quota_amount){ 100 - number32(object, VSERVER_SO_RETURN),
							  true };
	rule.engine_threshold = amount_of(object, VSERVER_SO_ENGINE_THRESHOLD);
	if (!is_rate(object_number(object, VSERVER_SO_METHOD)))
		rule.shared_threshold = amount_of(object, VSERVER_SO_SHARED_THRESHOLD);
	return rule;
}

static void plan_slow_start(struct planner *in, const struct object *object,
			    struct model_slow_start *start)
{
	const struct object *all = config_next(in->config, KIND_LB_PARAMETER, NULL);

	start->step = number32(object, VSERVER_NEW_SERVICE_REQUEST);
	start->is_percent = object_number(object, VSERVER_NEW_SERVICE_REQUEST_UNIT) ==
			    OPTION_SECOND;
	start->interval_s = number32(object, VSERVER_NEW_SERVICE_REQUEST_INTERVAL);
	start->round_robin = number32(all, LB_PARAMETER_ROUND_ROBIN);
}

/* A method that is not there yet balances in turn. */
static const struct lb_method *backup_method_of(const struct object *object)
{
	const struct lb_method *method = lb_find(object_text(object, VSERVER_BACKUP_LB_METHOD));

	return method != NULL ? method : lb_find(STR("ROUNDROBIN"));
}

static void plan_balance(struct planner *in, const struct object *object,
			 struct plan_vserver *vserver)
{
	const struct object *all = config_next(in->config, KIND_LB_PARAMETER, NULL);
	bool is_mask = kind_netmask(object_text(object, VSERVER_NETMASK), &vserver->netmask);

	must(is_mask); /* it was checked */
	vserver->method = method_of(object);
	vserver->backup_method = backup_method_of(object);
	vserver->counts_alone = object_number(all, LB_PARAMETER_CONSOLIDATED) == OPTION_SECOND;
	plan_slow_start(in, object, &vserver->slow_start);
	vserver->hash_length = (uint32_t)object_number(object, VSERVER_HASH_LENGTH);
	vserver->v6_netmask_length = (uint32_t)object_number(object, VSERVER_V6_NETMASK_LENGTH);
	vserver->data_offset = (uint32_t)object_number(object, VSERVER_DATA_OFFSET);
	vserver->data_length = (uint32_t)object_number(object, VSERVER_DATA_LENGTH);
}

static void plan_trusted(struct planner *in, const struct object *object,
			 struct plan_vserver *vserver)
{
	struct network *trusted;
	struct str bad;
	int count;

	if (object_number(object, VSERVER_PROXY_PROTOCOL) != OPTION_FIRST)
		return;
	trusted = arena_many(in->plan->arena, struct network, NETWORKS_MAX);
	count = networks_parse(object_text(object, VSERVER_PROXY_PROTOCOL_TRUSTED), trusted, &bad);
	must(count > 0); /* it was checked */
	vserver->trusted = trusted;
	vserver->trusted_count = (uint32_t)count;
}

/* The threshold, when it is one of that method. */
static int64_t threshold_of(const struct object *object, uint64_t method)
{
	if (object_number(object, VSERVER_SO_METHOD) != method)
		return PLAN_UNLIMITED;
	return (int64_t)object_number(object, VSERVER_SO_THRESHOLD);
}

/* Units a second; 0: the method is another one. */
static uint64_t rate_of(const struct object *object, uint64_t method, unsigned units)
{
	int64_t threshold = threshold_of(object, method);

	return threshold != PLAN_UNLIMITED ? units * (uint64_t)threshold : 0;
}

static struct model_spill spill_of(const struct object *object)
{
	int64_t health = threshold_of(object, SO_METHOD_HEALTH);
	uint64_t method = object_number(object, VSERVER_SO_METHOD);
	struct quota_amount reserve = is_rate(method)
					      ? amount_of(object, VSERVER_SO_SHARED_THRESHOLD)
					      : (struct quota_amount){ 0, false };
	uint64_t units = method == SO_METHOD_BANDWIDTH ? BYTES_OF_KBIT : 1;

	return (struct model_spill){
		.rate_reserve = reserve.is_percent ? 0 : units * reserve.number,
		.rate_reserve_percent = reserve.is_percent ? reserve.number : 0,
		.health_least = health != PLAN_UNLIMITED ? (uint32_t)health : 0,
		.up_least = number32(object, VSERVER_HEALTH_THRESHOLD),
		.ramp = number32(object, VSERVER_SO_RAMP),
		.is_shadow = object_number(object, VSERVER_SO_SHADOW) == OPTION_FIRST,
	};
}

static void plan_vserver(struct planner *in, const struct object *object)
{
	struct plan *plan = in->plan;
	struct plan_vserver *vserver = &plan->vservers[plan->vserver_count];
	struct str text = object_text(object, VSERVER_ADDRESS);
	uint16_t port = (uint16_t)object_number(object, VSERVER_PORT);

	if (!is_supported(object, VSERVER_PROTOCOL))
		return;
	if (port == 0 || str_equal(text, STR("*")))
		text = STR("0.0.0.0");
	if (!address_parse(text, port, &vserver->address))
		return;
	remember(in, object->uid, plan->vserver_count++);
	vserver->uid = object->uid;
	vserver->name = arena_copy(plan->arena, object_name(object));
	vserver->known_as = arena_copy(plan->arena, known_as(object));
	vserver->object = object;
	vserver->protocol = (enum protocol)object_number(object, VSERVER_PROTOCOL);
	vserver->is_enabled = object_is_enabled(object);
	plan_balance(in, object, vserver);
	vserver->persistence = plan_persistence(object, plan->arena);
	vserver->persistence.is_script_cookie =
		object_number(config_next(in->config, KIND_LB_PARAMETER, NULL),
			      LB_PARAMETER_HTTP_ONLY) == OPTION_SECOND;
	vserver->so_backup_action = action_of(object);
	vserver->rule = rule_of(plan, object);
	vserver->spill = spill_of(object);
	vserver->stays_out = object_number(object, VSERVER_DISABLE_PRIMARY_ON_DOWN) ==
				     OPTION_FIRST &&
			     object_text(object, VSERVER_BACKUP).length > 0;
	vserver->bandwidth = rate_of(object, SO_METHOD_BANDWIDTH, BYTES_OF_KBIT);
	vserver->request_rate = rate_of(object, SO_METHOD_REQUESTRATE, 1);
	vserver->queue_depth = number32(object, VSERVER_SO_QUEUE_DEPTH);
	vserver->queue_timeout_ms = number32(object, VSERVER_SO_QUEUE_TIMEOUT);
	vserver->request_limit = threshold_of(object, SO_METHOD_REQUEST);
	vserver->session_limit = threshold_of(object, SO_METHOD_SSLSESSION);
	if (vserver->protocol == PROTOCOL_HTTP)
		vserver->redirect_url = arena_copy(plan->arena,
						   object_text(object, VSERVER_REDIRECT_URL));
	vserver->so_provision = arena_copy(plan->arena, object_text(object, VSERVER_SO_PROVISION));
	vserver->client_timeout_ms = seconds_in_ms(object, VSERVER_CLT_TIMEOUT);
	vserver->flushes = object_number(object, VSERVER_DOWN_STATE_FLUSH) == OPTION_FIRST;
	vserver->backup = MODEL_NONE;
	plan_trusted(in, object, vserver);
	plan_members(in, object, vserver);
}

static void plan_backups(struct planner *in)
{
	for (uint32_t i = 0; i < in->plan->vserver_count; i++) {
		struct plan_vserver *vserver = &in->plan->vservers[i];
		struct str name = object_text(vserver->object, VSERVER_BACKUP);
		const struct object *backup = name.length > 0
						      ? config_find(in->config, KIND_VSERVER, name)
						      : NULL;

		if (backup == NULL)
			continue;
		vserver->backup = recall(in, backup->uid);
		if (vserver->backup != MODEL_NONE &&
		    in->plan->vservers[vserver->backup].protocol != vserver->protocol)
			vserver->backup = MODEL_NONE;
	}
}

static int64_t limit_of(const struct object *object, unsigned option)
{
	return object_is_set(object, option) ? (int64_t)object_number(object, option)
					     : PLAN_UNLIMITED;
}

static void plan_params(struct planner *in)
{
	const struct object *param = config_next(in->config, KIND_NS_PARAM, NULL);
	const struct object *all = config_next(in->config, KIND_SPILLOVER_PARAM, NULL);
	struct plan *plan = in->plan;

	plan->max_client = quota_rule_plain(number32(param, NS_PARAM_EXCLUSIVE_MAX_CLIENT),
					    number32(param, NS_PARAM_GRANT_MAX_CLIENT));
	plan->spillover = quota_rule_plain(number32(param, NS_PARAM_EXCLUSIVE_SPILLOVER),
					   number32(param, NS_PARAM_GRANT_SPILLOVER));
	plan->max_conn = number32(param, NS_PARAM_MAX_CONN);
	plan->client_limit = limit_of(all, SPILLOVER_PARAM_MAX_CLIENT);
	plan->request_limit = limit_of(all, SPILLOVER_PARAM_MAX_REQUEST);
	plan->request_rate = number32(all, SPILLOVER_PARAM_MAX_REQUEST_RATE);
	plan->bandwidth = BYTES_OF_KBIT * object_number(all, SPILLOVER_PARAM_MAX_BANDWIDTH);
}

static uint32_t index_of(const void *context, uint64_t uid)
{
	return recall(context, uid);
}

struct plan *plan_new(const struct config *config)
{
	struct arena *arena = arena_new();
	struct planner in = { .config = config, .plan = arena_one(arena, struct plan) };
	const struct object *at = config_next(config, KIND_VSERVER, NULL);

	in.plan->arena = arena;
	hash_init(&in.by_uid, false);
	plan_params(&in); /* before those who inherit from them */
	plan_services(&in);
	in.plan->vservers = arena_many(arena, struct plan_vserver,
				       config_count(config, KIND_VSERVER) + 1);
	for (; at != NULL; at = config_next(config, KIND_VSERVER, at))
		plan_vserver(&in, at);
	plan_backups(&in);
	plan_policy_take(config, in.plan, index_of, &in);
	plan_user_take(in.plan);
	hash_fini(&in.by_uid);
	return in.plan;
}

void plan_free(struct plan *plan)
{
	if (plan != NULL)
		arena_free(plan->arena);
}

int64_t plan_limit(const struct plan_vserver *vserver, int64_t capacity)
{
	switch (object_number(vserver->object, VSERVER_SO_METHOD)) {
	case SO_METHOD_CONNECTION:
		return (int64_t)object_number(vserver->object, VSERVER_SO_THRESHOLD);
	case SO_METHOD_DYNAMICCONNECTION:
		return capacity;
	default:
		return PLAN_UNLIMITED;
	}
}

bool plan_limit_is_dynamic(const struct plan_vserver *vserver)
{
	return object_number(vserver->object, VSERVER_SO_METHOD) == SO_METHOD_DYNAMICCONNECTION;
}
