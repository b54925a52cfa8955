/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_queue.h"
#include "control/explain_priv.h"
#include "control/inquiry.h"
#include "policy/rule.h"

static struct runtime_vserver *runtime_of(const struct explain *in,
					  const struct plan_vserver *vserver)
{
	return runtime_vserver(&in->control->runtime, vserver->uid);
}

static const struct runtime_service *member_of(const struct explain *in,
					       const struct plan_member *member)
{
	return runtime_service(&in->control->runtime,
			       in->control->plan->services[member->service].uid);
}

/* --- the state -------------------------------------------------------------------------------- */

static enum reason look_at_state(struct explain *in, const struct plan_vserver *vserver)
{
	const struct runtime_vserver *runtime = runtime_of(in, vserver);
	uint32_t up = 0;

	for (uint32_t i = 0; i < vserver->member_count; i++)
		up += member_of(in, &vserver->members[i])->is_up;
	text_print(in->text, "\t\tservices: %" PRIu32 " of %" PRIu32 " are up", up,
		   vserver->member_count);
	if (vserver->spill.up_least > 0)
		text_print(in->text, ", -healthThreshold wants %" PRIu32 " percent",
			   vserver->spill.up_least);
	text_add(in->text, STR("\n"));
	if (!vserver->is_enabled)
		return REASON_DISABLED;
	if (!runtime->is_up)
		return REASON_DOWN;
	return runtime->is_held_out ? REASON_HELD_OUT : REASON_NONE;
}

static enum reason look_at_health(struct explain *in, const struct plan_vserver *vserver)
{
	uint64_t up = 0, all = 0, health;

	if (vserver->spill.health_least == 0)
		return REASON_NONE;
	for (uint32_t i = 0; i < vserver->member_count; i++) {
		all += vserver->members[i].weight;
		up += member_of(in, &vserver->members[i])->is_up ? vserver->members[i].weight : 0;
	}
	health = all > 0 ? up * 100 / all : 100;
	text_print(in->text, "\t\thealth: %" PRIu64 " percent, it spills below %" PRIu32 "\n",
		   health, vserver->spill.health_least);
	return health < vserver->spill.health_least ? REASON_HEALTH : REASON_NONE;
}

/* --- policies --------------------------------------------------------------------------------- */

static const char *const results[] = {
	[RULE_FALSE] = "false", [RULE_TRUE] = "true", [RULE_UNDEFINED] = "undefined"
};

static enum rule_result test_policy(struct explain *in, const struct plan_spill *spill)
{
	const struct plan_policy *policy = &in->control->plan->policies[spill->policy];
	struct text said = TEXT_EMPTY;
	struct inquiry inquiry = { in->control, &said, 0 };
	struct situation situation = { inquiry_read, &inquiry, in->client };
	enum rule_result result = rule_run(policy->rule, &situation);

	text_print(in->text, "\t\tpolicy %.*s, priority %" PRIu32 ": %s", STR_ARG(policy->name),
		   spill->priority, results[result]);
	if (inquiry.count > 0)
		text_print(in->text, " (%s)", said.at);
	if (result == RULE_UNDEFINED && in->client == NULL)
		text_add(in->text, STR("; without -clientIP the client's address is not known"));
	text_add(in->text, STR("\n"));
	text_free(&said);
	return result;
}

/* Up to the first that is true: the rest only counts. */
static enum reason look_at_policies(struct explain *in, const struct plan_vserver *vserver)
{
	for (uint32_t i = 0; i < vserver->spill_count; i++)
		if (test_policy(in, &vserver->spills[i]) == RULE_TRUE)
			return REASON_POLICY;
	return REASON_NONE;
}

/* --- limits ----------------------------------------------------------------------------------- */

static void print_engines(const struct explain *in, uint32_t pool)
{
	for (unsigned i = 0; i < in->control->setup.engine_count; i++) {
		struct quota_core_view view;

		quota_read_core(in->control->setup.map, pool, i, &view);
		text_print(in->text,
			   "\t\tengine %u: used %" PRId64 ", idle %" PRId64 ", exclusive %" PRId64
			   ", borrowed %" PRId64 "\n",
			   i, view.used, view.idle, view.exclusive, view.borrowed);
	}
}

static enum reason look_at_pool(struct explain *in, uint32_t pool, enum reason full,
				const char *what)
{
	struct quota_view view;
	bool is_full;

	quota_read(in->control->setup.map, pool, &view);
	if (view.limit >= QUOTA_UNLIMITED) {
		text_print(in->text, "\t\tlimit of %s: none, uses %" PRId64 "\n", what, view.used);
		return REASON_NONE;
	}
	is_full = quota_is_full(in->control->setup.map, pool);
	text_print(in->text,
		   "\t\tlimit of %s: %" PRId64 ", uses %" PRId64 ", free %" PRId64
		   " (not dealt out %" PRId64 ", idle on engines %" PRId64 ")\n",
		   what, view.limit, view.used, view.used < view.limit ? view.limit - view.used : 0,
		   view.available, view.idle);
	print_engines(in, pool);
	if (!is_full)
		return REASON_NONE;
	return view.used < view.limit ? REASON_RETURN : full;
}

static bool spills_early(const struct quota_rule *rule)
{
	const struct quota_amount *engine = &rule->engine_threshold;

	return rule->shared_threshold.number > 0 || engine->number != 100 || !engine->is_percent;
}

/* What each engine decides by what it has itself. */
static void print_rule(struct explain *in, const struct plan_vserver *vserver)
{
	if (vserver->rule.mode == QUOTA_MODE_PATENT)
		text_add(in->text,
			 STR("\t\tquota mode PATENT: an engine without a unit spills though "
			     "others have one\n"));
	if (spills_early(&vserver->rule))
		text_add(in->text, STR("\t\tthresholds: an engine may spill before the limit, by "
				       "-soEngineThreshold and -soSharedThreshold\n"));
	if (vserver->spill.ramp > 0)
		text_print(in->text,
			   "\t\tramp: from %" PRIu32 " percent of the limit on a rising share "
			   "spills, by chance\n",
			   vserver->spill.ramp);
}

/* Who finds the pool full, `what` in words. */
static void print_line(const struct explain *in, const struct plan_vserver *vserver, uint32_t pool,
		       const char *what)
{
	uint32_t before = quota_queue_waiting(in->control->setup.map, pool);

	if (vserver->queue_depth == 0)
		return;
	if (before >= vserver->queue_depth)
		text_print(in->text,
			   "\t\tqueue: %s would not wait, %" PRIu32
			   " do already: -soQueueDepth is %" PRIu32 "\n",
			   what, before, vserver->queue_depth);
	else
		text_print(in->text,
			   "\t\tqueue: %s would wait, %" PRIu32 " before it: up to %" PRIu32
			   " ms, then it spills\n",
			   what, before, vserver->queue_timeout_ms);
}

static enum reason look_at_limit(struct explain *in, const struct plan_vserver *vserver)
{
	const struct runtime_vserver *runtime = runtime_of(in, vserver);
	enum reason reason = look_at_pool(in, runtime->entry.pool, REASON_CLIENTS,
					  "client connections");

	if (runtime->entry.limit >= 0 || runtime->requests.pool != QUOTA_NONE)
		print_rule(in, vserver);
	if (runtime->requests.pool != QUOTA_NONE &&
	    look_at_pool(in, runtime->requests.pool, REASON_REQUESTS,
			 "requests, asked for each request") == REASON_REQUESTS)
		print_line(in, vserver, runtime->requests.pool, "a request");
	if (runtime->sessions.pool != QUOTA_NONE)
		(void)look_at_pool(in, runtime->sessions.pool, REASON_SESSIONS,
				   "TLS sessions, asked at the handshake");
	if (reason == REASON_CLIENTS)
		print_line(in, vserver, runtime->entry.pool, "it");
	return reason;
}

static enum reason look_at_appliance(struct explain *in)
{
	uint32_t pool = in->control->runtime.clients.pool;

	if (pool == QUOTA_NONE)
		return REASON_NONE;
	return look_at_pool(in, pool, REASON_ALL_CLIENTS,
			    "client connections of the whole appliance");
}

/* In the order of the engines. */
enum reason explain_reason(struct explain *in, const struct plan_vserver *vserver)
{
	enum reason reason = look_at_state(in, vserver);

	if (reason == REASON_NONE)
		reason = look_at_health(in, vserver);
	if (reason == REASON_NONE)
		reason = look_at_policies(in, vserver);
	if (reason == REASON_NONE)
		reason = explain_rate(in, runtime_of(in, vserver));
	if (reason == REASON_NONE)
		reason = look_at_limit(in, vserver);
	return reason == REASON_NONE ? look_at_appliance(in) : reason;
}
