/* SPDX-License-Identifier: Apache-2.0 */
#include "control/limit.h"

#include "admit/quota_life.h"
#include "admit/quota_queue.h"
#include "control/health.h"
#include "record/log.h"

static void set(struct runtime *runtime, struct runtime_entry *entry, int64_t limit)
{
	if (entry->limit == limit || entry->named_in > runtime->everywhere)
		return;
	entry->limit = limit;
	quota_set_limit(runtime->map, entry->pool, limit < 0 ? QUOTA_UNLIMITED : limit);
	if (!entry->is_published)
		quota_deal(runtime->map, entry->pool);
}

static void share(struct runtime *runtime, struct runtime_entry *entry,
		  const struct quota_rule *rule)
{
	if (quota_rule_same(&entry->rule, rule))
		return;
	entry->rule = *rule;
	quota_set_rule(runtime->map, entry->pool, rule);
}

static void report_no_line(const struct runtime_entry *entry)
{
	log_write(LOG_LEVEL_ERROR, "%s: there is no memory for the line of those who wait",
		  entry->name);
}

/* After the rule: its mode says whether there may be a line. */
static void line_up(struct runtime *runtime, struct runtime_entry *entry, uint32_t depth)
{
	if (entry->queue_depth == depth)
		return;
	if (quota_queue_set(runtime->map, entry->pool, depth))
		entry->queue_depth = depth;
	else
		report_no_line(entry);
}

static struct rate_place place_of(const struct runtime *runtime, const char *kind, struct str name)
{
	return (struct rate_place){ runtime->vault, runtime->engine_count,
				    quota_key(kind, name.at, name.length) };
}

static void set_rates(struct runtime *runtime, const struct plan *plan)
{
	rate_set_requests(&runtime->request_rate, place_of(runtime, "all request rate", STR("")),
			  plan->request_rate);
	rate_set_bytes(&runtime->bandwidth, place_of(runtime, "all bandwidth", STR("")),
		       plan->bandwidth);
	for (uint32_t i = 0; i < plan->service_count; i++)
		rate_set_bytes(&runtime_service(runtime, plan->services[i].uid)->bandwidth,
			       place_of(runtime, "service bandwidth", plan->services[i].name),
			       plan->services[i].bandwidth);
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *planned = &plan->vservers[i];
		struct runtime_vserver *vserver = runtime_vserver(runtime, planned->uid);

		rate_set_bytes(&vserver->bandwidth,
			       place_of(runtime, "vserver bandwidth", planned->name),
			       planned->bandwidth);
		rate_set_requests(&vserver->request_rate,
				  place_of(runtime, "vserver request rate", planned->name),
				  planned->request_rate);
	}
}

void limit_share(struct runtime *runtime, const struct plan *plan)
{
	set_rates(runtime, plan);
	for (uint32_t i = 0; i < plan->service_count; i++) {
		const struct plan_service *planned = &plan->services[i];
		struct runtime_entry *entry = &runtime_service(runtime, planned->uid)->entry;

		share(runtime, entry, &plan->max_client);
		line_up(runtime, entry, planned->has_line ? QUOTA_QUEUE_DEPTH_MAX : 0);
	}
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *planned = &plan->vservers[i];
		struct runtime_vserver *vserver = runtime_vserver(runtime, planned->uid);
		bool is_of_requests = planned->request_limit != PLAN_UNLIMITED;

		share(runtime, &vserver->entry, &planned->rule);
		line_up(runtime, &vserver->entry, is_of_requests ? 0 : planned->queue_depth);
		if (!reserve_line_up(&vserver->requests, runtime->map, planned->queue_depth))
			report_no_line(&vserver->entry);
	}
}

static void set_reserves(struct runtime *runtime, struct runtime_vserver *vserver)
{
	bool is_fresh = !vserver->entry.is_published;

	reserve_apply(&vserver->requests, runtime->map, vserver->plan->request_limit, is_fresh,
		      runtime->everywhere);
	reserve_apply(&vserver->sessions, runtime->map, vserver->plan->session_limit, is_fresh,
		      runtime->everywhere);
}

static void apply_service(struct runtime *runtime, struct runtime_service *service)
{
	set(runtime, &service->entry, health_limit(service, service->plan->max_client));
}

static void apply_vserver(struct runtime *runtime, const struct plan_vserver *planned)
{
	struct runtime_vserver *vserver = runtime_vserver(runtime, planned->uid);

	set(runtime, &vserver->entry, plan_limit(planned, muster_capacity(&vserver->muster)));
	set_reserves(runtime, vserver);
}

void limit_apply_of(struct runtime *runtime, const struct plan *plan,
		    struct runtime_service *service)
{
	apply_service(runtime, service);
	for (uint32_t i = 0; i < service->plan->user_count; i++)
		apply_vserver(runtime, &plan->vservers[service->plan->users[i]]);
}

void limit_apply(struct runtime *runtime, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->service_count; i++)
		apply_service(runtime, runtime_service(runtime, plan->services[i].uid));
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		apply_vserver(runtime, &plan->vservers[i]);
	reserve_apply(&runtime->clients, runtime->map, plan->client_limit, runtime->newest == 0,
		      runtime->everywhere);
	reserve_apply(&runtime->requests, runtime->map, plan->request_limit, runtime->newest == 0,
		      runtime->everywhere);
}
