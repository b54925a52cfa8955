/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spill_policy.h"

#include "proxy/proxy.h"

#include <stdlib.h>

void spill_policy_clear(struct spill_policies *policies)
{
	for (uint32_t i = 0; i < policies->count; i++)
		free(policies->list[i].rule);
	free(policies->list);
	*policies = (struct spill_policies){ .decisive = SPILL_POLICY_NONE };
}

static struct rule *copy_rule(const struct rule *from)
{
	struct rule *rule = malloc(from->bytes);

	must(rule != NULL);
	memcpy(rule, from, from->bytes);
	return rule;
}

void spill_policy_configure(struct vserver *vserver, const struct model_vserver *model)
{
	struct spill_policies *policies = &vserver->policies;

	spill_policy_clear(policies);
	if (model->policy_count == 0)
		return;
	policies->list = calloc(model->policy_count, sizeof(*policies->list));
	must(policies->list != NULL);
	for (; policies->count < model->policy_count; policies->count++) {
		const struct model_policy *from = &model->policies[policies->count];

		policies->list[policies->count] = (struct spill_policy){
			.uid = from->uid,
			.rule = copy_rule(from->rule),
			.next = from->next,
			.stats = &from->stats[vserver->proxy->engine->index],
		};
	}
}

static struct situation situation_of(const struct vserver *vserver, const struct address *peer)
{
	return (struct situation){ .vserver = fact_read,
				   .context = vserver->proxy,
				   .client = peer };
}

void spill_policy_forget(struct spill_policies *policies)
{
	for (uint32_t i = 0; i < policies->count; i++)
		policies->list[i].result = RULE_FALSE;
}

bool spill_policy_test(struct vserver *vserver, const struct address *peer)
{
	struct spill_policies *policies = &vserver->policies;
	struct situation situation = situation_of(vserver, peer);
	uint32_t next = 0;

	policies->decisive = SPILL_POLICY_NONE;
	for (uint32_t i = 0; i < policies->count; i++) {
		struct spill_policy *policy = &policies->list[i];

		if (i < next)
			continue;
		policy->result = rule_run(policy->rule, &situation);
		next = policy->result == RULE_TRUE ? policy->next : i + 1;
		if (policy->result == RULE_TRUE && policies->decisive == SPILL_POLICY_NONE)
			policies->decisive = i;
	}
	return policies->decisive != SPILL_POLICY_NONE;
}

void spill_policy_count(struct spill_policies *policies)
{
	for (uint32_t i = 0; i < policies->count; i++) {
		struct spill_policy *policy = &policies->list[i];

		if (policy->result == RULE_TRUE)
			stat_add(&policy->stats->hits, 1);
		else if (policy->result == RULE_UNDEFINED)
			stat_add(&policy->stats->undefined, 1);
		policy->result = RULE_FALSE;
	}
}

bool spill_policy_holds(const struct vserver *vserver)
{
	struct situation situation = situation_of(vserver, NULL);

	for (uint32_t i = 0; i < vserver->policies.count; i++)
		if (rule_run(vserver->policies.list[i].rule, &situation) == RULE_TRUE)
			return true;
	return false;
}
