/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_policy.h"
#include "control/show_priv.h"
#include "policy/function.h"

#include <inttypes.h>

static void add_rows(struct control *control, const struct object *object, struct text *text)
{
	const struct stat_policy *stats = policies_stats(&control->runtime.policies, object->uid);

	if (stats != NULL)
		show_stat_rows(stat_policy_rows, stats, sizeof(*stats), control->setup.engine_count,
			       text);
}

/* Over its policies. What -clearstats hides of those is hidden here, too. */
void show_action_stat(struct control *control, const struct object *object, bool clears,
		      struct text *text)
{
	const struct object *at = config_next(control->config, KIND_SPILLOVER_POLICY, NULL);
	uint64_t sums[POLICIES_ROWS] = { 0 };

	for (; at != NULL; at = config_next(control->config, KIND_SPILLOVER_POLICY, at)) {
		struct policies_entry *entry = policies_find(&control->runtime.policies, at->uid);

		if (!str_equal(object_text(at, SPILLOVER_POLICY_ACTION), object_name(object)))
			continue;
		for (unsigned i = 0; entry != NULL && i < POLICIES_ROWS; i++) {
			uint64_t value = stat_sum(entry->stats, sizeof(*entry->stats),
						  control->setup.engine_count,
						  &stat_policy_rows[i]);

			sums[i] += value - entry->cleared[i];
			if (clears)
				entry->cleared[i] = value;
		}
	}
	text_print(text, "spillover action %.*s\n", STR_ARG(object_name(object)));
	for (unsigned i = 0; i < POLICIES_ROWS; i++)
		text_print(text, "\t%s: %" PRIu64 "\n", stat_policy_rows[i].name, sums[i]);
}

/* -clearstats hides what was counted so far from this view, and from no other. */
void show_policy_stat(struct control *control, const struct object *object, bool clears,
		      struct text *text)
{
	struct policies_entry *entry = policies_find(&control->runtime.policies, object->uid);
	unsigned count = control->setup.engine_count;

	text_print(text, "spillover policy %.*s\n", STR_ARG(object_name(object)));
	for (unsigned i = 0; entry != NULL && i < POLICIES_ROWS; i++) {
		const struct stat_row *row = &stat_policy_rows[i];
		uint64_t value = stat_sum(entry->stats, sizeof(*entry->stats), count, row);

		text_print(text, "\t%s: %" PRIu64 "\n", row->name, value - entry->cleared[i]);
		if (clears)
			entry->cleared[i] = value;
	}
}

static void add_goto(const struct binding *binding, struct text *text)
{
	if (binding->go_to == BIND_POLICY_END)
		text_add(text, STR("END"));
	else if (binding->go_to == BIND_POLICY_NEXT)
		text_add(text, STR("NEXT"));
	else
		text_print(text, "%" PRIu32, binding->go_to);
}

static void add_bound(struct control *control, const struct object *policy, struct text *text)
{
	const struct object *at = config_next(control->config, KIND_VSERVER, NULL);

	for (; at != NULL; at = config_next(control->config, KIND_VSERVER, at)) {
		const struct binding *binding = object_binding(at, policy, 0);

		if (binding == NULL)
			continue;
		text_print(text, "\tbound to: lb vserver %.*s, priority %" PRIu32 ", goto ",
			   STR_ARG(object_name(at)), binding->priority);
		add_goto(binding, text);
		text_add(text, STR("\n"));
	}
}

void show_policy(struct control *control, const struct object *object, struct text *text)
{
	text_print(text, "spillover policy %.*s\n", STR_ARG(object_name(object)));
	show_options(object, text);
	add_rows(control, object, text);
	add_bound(control, object, text);
}

void show_policy_of_vserver(const struct plan *plan, const struct plan_vserver *vserver,
			    struct text *text)
{
	for (uint32_t i = 0; i < vserver->spill_count; i++) {
		const struct plan_policy *policy = &plan->policies[vserver->spills[i].policy];

		text_print(text, "\tspillover policy: %" PRIu32 " %.*s: %.*s\n",
			   vserver->spills[i].priority, STR_ARG(policy->name),
			   STR_ARG(object_text(policy->object, SPILLOVER_POLICY_RULE)));
	}
}

void show_policy_functions(struct text *text)
{
	for (unsigned i = 0; i < function_count; i++) {
		function_print(&functions[i], text);
		if (functions[i].sign != NULL)
			text_print(text, " or %s", functions[i].sign);
		text_print(text, ": %s\n", functions[i].help);
	}
}
