/* SPDX-License-Identifier: Apache-2.0 */
#include "config/build.h"

#include "base/hash.h"
#include "policy/rule.h"

enum {
	CONNECT_TIMEOUT_MS = 5000,
	HEADER_BYTES_MAX = 24820,
	REQUEST_TIMEOUT_MS = 60000,
	KEEP_IDLE_MAX = 256
};

/* What a service and a vserver of the plan became. */
struct builder {
	const struct plan *plan;
	const struct build_runtime *runtime;
	struct arena *arena;
	struct build_service *services; /* by index in the plan */
	struct build_vserver *vservers;
};

static uint64_t tag_of_id(struct str id)
{
	return str_is_empty(id) ? 0 : hash_bytes(id.at, id.length);
}

static const struct model_service *build_service(struct builder *in, uint32_t index)
{
	const struct plan_service *from = &in->plan->services[index];
	const struct build_service *given = &in->services[index];
	struct model_service *service = arena_one(in->arena, struct model_service);

	*service = (struct model_service){
		.id = given->id,
		.name = arena_copy(in->arena, from->name),
		.tag = hash_name(from->known_as.at, from->known_as.length),
		.custom_tag = tag_of_id(from->custom_id),
		.hash_id = from->hash_id,
		.protocol = from->protocol,
		.address = from->address,
		.pool = given->pool,
		.max_client = from->max_client,
		.bandwidth = given->bandwidth,
		.max_requests_per_connection = from->max_requests_per_connection,
		.server_timeout_ms = from->server_timeout_ms,
		.client_timeout_ms = from->client_timeout_ms,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.is_enabled = from->is_enabled,
		.is_leaving = given->is_leaving && !from->is_enabled,
		.is_up = given->is_up && (from->is_enabled || given->is_leaving),
		.sends_proxy_protocol = from->sends_proxy_protocol,
		.has_line = from->has_line,
		.client_ip_field = arena_copy(in->arena, from->client_ip_field),
		.stats = given->stats,
		.good_codes = from->good_codes,
		.health = given->health,
	};
	return service;
}

static const struct model_member *build_members(struct builder *in, const struct plan_vserver *from)
{
	struct model_member *members = arena_many(in->arena, struct model_member,
						  from->member_count + 1);

	for (uint32_t i = 0; i < from->member_count; i++)
		members[i] = (struct model_member){ in->services[from->members[i].service].id,
						    from->members[i].weight };
	return members;
}

static const struct network *build_trusted(struct builder *in, const struct plan_vserver *from)
{
	struct network *trusted = arena_many(in->arena, struct network, from->trusted_count + 1);

	for (uint32_t i = 0; i < from->trusted_count; i++)
		trusted[i] = from->trusted[i];
	return trusted;
}

static struct model_persistence build_persistence(struct builder *in,
						  const struct model_persistence *from)
{
	struct model_persistence persistence = *from;

	persistence.cookie = arena_copy(in->arena, from->cookie);
	persistence.spill_cookie = arena_copy(in->arena, from->spill_cookie);
	persistence.rule.name = arena_copy(in->arena, from->rule.name);
	return persistence;
}

/* A copy, of which the virtual servers are ids. */
static const struct rule *build_rule(struct builder *in, const struct rule *from)
{
	struct rule *rule = arena_take(in->arena, from->bytes, alignof(max_align_t));

	memcpy(rule, from, from->bytes);
	for (unsigned i = 0; i < rule->name_count; i++) {
		uint32_t index = rule_vserver(from, i);

		if (index != MODEL_NONE)
			rule_set_vserver(rule, i, in->vservers[index].id);
	}
	return rule;
}

static const struct model_policy *build_policies(struct builder *in,
						 const struct plan_vserver *from)
{
	struct model_policy *policies = arena_many(in->arena, struct model_policy,
						   from->spill_count + 1);

	for (uint32_t i = 0; i < from->spill_count; i++) {
		const struct plan_policy *policy = &in->plan->policies[from->spills[i].policy];

		policies[i] = (struct model_policy){
			.uid = policy->uid,
			.rule = build_rule(in, policy->rule),
			.next = from->spills[i].next,
			.stats = in->runtime->policy(in->runtime->context, policy->uid),
		};
	}
	return policies;
}

static const struct plan_vserver *behind(const struct builder *in, const struct plan_vserver *from)
{
	return from->backup != MODEL_NONE ? &in->plan->vservers[from->backup] : NULL;
}

/* Of its chain of backups, nearest first. */
static void build_destinations(struct builder *in, const struct plan_vserver *from,
			       struct model_vserver *vserver)
{
	const struct build_runtime *runtime = in->runtime;
	const struct plan_vserver *to;
	struct stat_spill *found[MODEL_DESTINATIONS_MAX], **destinations;
	uint32_t count = 0;

	for (to = behind(in, from); to != NULL && count < MODEL_DESTINATIONS_MAX;
	     to = behind(in, to))
		found[count++] = runtime->destination(runtime->context, from->uid, to->uid);
	destinations = arena_many(in->arena, struct stat_spill *, count + 1);
	memcpy(destinations, found, count * sizeof(*found));
	vserver->destinations = destinations;
	vserver->destination_count = count;
}

static const struct model_vserver *build_vserver(struct builder *in, uint32_t index)
{
	const struct plan_vserver *from = &in->plan->vservers[index];
	const struct build_vserver *given = &in->vservers[index];
	struct model_vserver *vserver = arena_one(in->arena, struct model_vserver);

	*vserver = (struct model_vserver){
		.id = given->id,
		.name = arena_copy(in->arena, from->name),
		.tag = hash_name(from->known_as.at, from->known_as.length),
		.protocol = from->protocol,
		.address = from->address,
		.listeners = given->listeners,
		.is_enabled = from->is_enabled,
		.method = from->method,
		.hash_length = from->hash_length,
		.netmask = from->netmask,
		.v6_netmask_length = from->v6_netmask_length,
		.data_offset = from->data_offset,
		.data_length = from->data_length,
		.backup_method = from->backup_method,
		.counts_alone = from->counts_alone,
		.slow_start = from->slow_start,
		.persistence = build_persistence(in, &from->persistence),
		.members = build_members(in, from),
		.member_count = from->member_count,
		.pool = given->pool,
		.request_pool = given->request_pool,
		.session_pool = given->session_pool,
		.backup = from->backup != MODEL_NONE ? in->vservers[from->backup].id : MODEL_NONE,
		.so_backup_action = from->so_backup_action,
		.spill = from->spill,
		.bandwidth = given->bandwidth,
		.request_rate = given->request_rate,
		.queue_depth = from->queue_depth,
		.queue_timeout_ms = from->queue_timeout_ms,
		.redirect_url = arena_copy(in->arena, from->redirect_url),
		.trusted = build_trusted(in, from),
		.trusted_count = from->trusted_count,
		.client_timeout_ms = from->client_timeout_ms,
		.policies = build_policies(in, from),
		.policy_count = from->spill_count,
		.stats = given->stats,
		.live = given->live,
	};
	vserver->spill.is_held_out = given->is_held_out;
	build_destinations(in, from, vserver);
	return vserver;
}

/* Asks control for what it gave each part; *room is above every id. */
static void ask(struct builder *in, uint32_t *service_room, uint32_t *vserver_room)
{
	const struct plan *plan = in->plan;
	const struct build_runtime *runtime = in->runtime;

	in->services = arena_many(in->arena, struct build_service, plan->service_count + 1);
	in->vservers = arena_many(in->arena, struct build_vserver, plan->vserver_count + 1);
	for (uint32_t i = 0; i < plan->service_count; i++) {
		in->services[i] = runtime->service(runtime->context, plan->services[i].uid);
		if (in->services[i].id >= *service_room)
			*service_room = in->services[i].id + 1;
	}
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		in->vservers[i] = runtime->vserver(runtime->context, plan->vservers[i].uid);
		if (in->vservers[i].id >= *vserver_room)
			*vserver_room = in->vservers[i].id + 1;
	}
}

struct snapshot *build_snapshot(const struct plan *plan, const struct build_runtime *runtime,
				uint64_t number)
{
	struct arena *arena = arena_new();
	struct builder in = { .plan = plan, .runtime = runtime, .arena = arena };
	struct snapshot *snapshot = arena_one(arena, struct snapshot);
	const struct model_service **services;
	const struct model_vserver **vservers;

	snapshot->number = number;
	snapshot->arena = arena;
	snapshot->header_bytes_max = HEADER_BYTES_MAX;
	snapshot->request_timeout_ms = REQUEST_TIMEOUT_MS;
	snapshot->keep_idle_max = KEEP_IDLE_MAX;
	snapshot->appliance = runtime->appliance;
	snapshot->client_pool = runtime->client_pool;
	snapshot->request_pool = runtime->request_pool;
	snapshot->request_rate = runtime->request_rate;
	snapshot->bandwidth = runtime->bandwidth;
	ask(&in, &snapshot->service_room, &snapshot->vserver_room);
	services = arena_many(arena, const struct model_service *, snapshot->service_room + 1);
	vservers = arena_many(arena, const struct model_vserver *, snapshot->vserver_room + 1);
	for (uint32_t i = 0; i < plan->service_count; i++)
		services[in.services[i].id] = build_service(&in, i);
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		vservers[in.vservers[i].id] = build_vserver(&in, i);
	snapshot->services = services;
	snapshot->vservers = vservers;
	return snapshot;
}
