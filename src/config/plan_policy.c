/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_policy.h"

#include "config/bind_policy.h"
#include "policy/compile.h"

#include <stdlib.h>

struct policy_planner {
	const struct config *config;
	struct plan *plan;
	uint32_t (*index_of)(const void *context, uint64_t uid);
	const void *context;
};

static uint32_t find_vserver(const struct policy_planner *in, struct str name)
{
	const struct object *vserver = config_find(in->config, KIND_VSERVER, name);

	return vserver != NULL ? in->index_of(in->context, vserver->uid) : MODEL_NONE;
}

static void plan_one(const struct policy_planner *in, const struct object *object)
{
	struct plan *plan = in->plan;
	struct plan_policy *policy = &plan->policies[plan->policy_count++];
	struct compile_fault why;
	struct rule *rule = compile_rule(object_text(object, SPILLOVER_POLICY_RULE), plan->arena,
					 &why);

	must(rule != NULL); /* it was checked */
	policy->uid = object->uid;
	policy->object = object;
	policy->name = arena_copy(plan->arena, object_name(object));
	policy->rule = rule;
	for (unsigned i = 0; i < rule->name_count; i++) {
		uint32_t index = find_vserver(in, rule_name(rule, i));

		rule_set_vserver(rule, i, index);
		if (index != MODEL_NONE)
			plan->vservers[index].is_watched = true;
	}
}

static uint32_t find_policy(const struct plan *plan, const struct object *object)
{
	uint32_t index = 0;

	while (index < plan->policy_count && plan->policies[index].object != object)
		index++;
	must(index < plan->policy_count);
	return index;
}

static int compare(const void *a, const void *b)
{
	const struct plan_spill *one = a, *other = b;

	return one->priority < other->priority ? -1 : one->priority > other->priority;
}

/* Where the tests go on: the first that is not before that priority. */
static uint32_t find_next(const struct plan_vserver *vserver, const struct plan_spill *spills,
			  uint32_t from)
{
	uint32_t wanted = spills[from].next, at = from + 1;

	if (wanted == BIND_POLICY_END)
		return vserver->spill_count;
	while (wanted != BIND_POLICY_NEXT && at < vserver->spill_count &&
	       spills[at].priority < wanted)
		at++;
	return at;
}

static void plan_spills(struct plan *plan, struct plan_vserver *vserver)
{
	const struct object *object = vserver->object;
	struct plan_spill *spills = arena_many(plan->arena, struct plan_spill,
					       object->binding_count + 1);

	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *binding = &object->bindings[i];

		if (binding->type == BINDING_SPILLOVER)
			spills[vserver->spill_count++] =
				(struct plan_spill){ find_policy(plan, binding->target),
						     binding->priority, binding->go_to };
	}
	qsort(spills, vserver->spill_count, sizeof(*spills), compare);
	/* What a later one needs stands behind it: each can be settled in place. */
	for (uint32_t i = 0; i < vserver->spill_count; i++)
		spills[i].next = find_next(vserver, spills, i);
	vserver->spills = spills;
}

void plan_policy_take(const struct config *config, struct plan *plan,
		      uint32_t (*index_of)(const void *context, uint64_t uid), const void *context)
{
	struct policy_planner in = { config, plan, index_of, context };
	const struct object *at = config_next(config, KIND_SPILLOVER_POLICY, NULL);

	plan->policies = arena_many(plan->arena, struct plan_policy,
				    config_count(config, KIND_SPILLOVER_POLICY) + 1);
	for (; at != NULL; at = config_next(config, KIND_SPILLOVER_POLICY, at))
		plan_one(&in, at);
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		plan_spills(plan, &plan->vservers[i]);
}
