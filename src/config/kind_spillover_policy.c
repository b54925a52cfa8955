/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind_spillover_policy.h"

#include "config/command.h"
#include "config/config.h"
#include "config/object.h"
#include "policy/compile.h"

static void warn_names(const struct config *config, const struct rule *rule, unsigned column,
		       struct report *report)
{
	for (unsigned i = 0; i < rule->name_count; i++) {
		struct str name = rule_name(rule, i);

		if (config_find(config, KIND_VSERVER, name) == NULL)
			report_warning(report, column,
				       "there is no lb vserver %.*s: until there is, -rule is "
				       "undefined and no client spills by it",
				       STR_ARG(name));
	}
}

static bool check_rule(const struct config *config, const struct object *object,
		       const struct command *command, struct report *report)
{
	unsigned column = command_column(command, SPILLOVER_POLICY_RULE);
	struct arena *arena = arena_new();
	struct compile_fault why = { 0 };
	struct rule *rule = compile_rule(object_text(object, SPILLOVER_POLICY_RULE), arena, &why);

	if (rule == NULL)
		report_fault(report, column, "-rule, character %u: %s", why.column, why.why);
	else if (column > 0)
		warn_names(config, rule, column, report);
	arena_free(arena);
	return rule != NULL;
}

static bool check(const struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	struct str action = object_text(object, SPILLOVER_POLICY_ACTION);

	if (!object_is_set(object, SPILLOVER_POLICY_RULE) ||
	    !object_is_set(object, SPILLOVER_POLICY_ACTION)) {
		report_fault(report, 0, "a spillover policy needs -rule and -action");
		return false;
	}
	if (config_find(config, KIND_SPILLOVER_ACTION, action) == NULL) {
		config_report_missing(config, KIND_SPILLOVER_ACTION, action,
				      command_column(command, SPILLOVER_POLICY_ACTION), report);
		return false;
	}
	return check_rule(config, object, command, report);
}

static bool names(const struct object *policy, struct str vserver)
{
	struct arena *arena = arena_new();
	struct compile_fault why;
	struct rule *rule = compile_rule(object_text(policy, SPILLOVER_POLICY_RULE), arena, &why);
	bool is_named = false;

	for (unsigned i = 0; rule != NULL && i < rule->name_count; i++)
		is_named |= str_equal(rule_name(rule, i), vserver);
	arena_free(arena);
	return is_named;
}

void kind_spillover_policy_lose(const struct config *config, struct str vserver,
				struct report *report)
{
	const struct object *at = config_next(config, KIND_SPILLOVER_POLICY, NULL);

	for (; at != NULL; at = config_next(config, KIND_SPILLOVER_POLICY, at))
		if (names(at, vserver))
			report_warning(report, 0,
				       "the -rule of spillover policy %.*s names lb vserver %.*s: "
				       "it is undefined now",
				       STR_ARG(object_name(at)), STR_ARG(vserver));
}

static const struct option options[SPILLOVER_POLICY_OPTIONS] = {
	[SPILLOVER_POLICY_NAME] = { .name = "name",
				    .type = OPTION_TEXT,
				    .is_position = true,
				    .is_once = true,
				    .help = "name of the policy",
				    .since = "0.1" },
	[SPILLOVER_POLICY_RULE] = { .name = "rule",
				    .type = OPTION_TEXT,
				    .help = "when it is true a new client spills: "
					    "SYS.VSERVER(\"web\").CONNECTIONS.GT(500)",
				    .since = "0.1" },
	[SPILLOVER_POLICY_ACTION] = { .name = "action",
				      .type = OPTION_TEXT,
				      .help = "name of a spillover action; SPILLOVER is built in",
				      .since = "0.1" },
	[SPILLOVER_POLICY_COMMENT] = { .name = "comment",
				       .type = OPTION_TEXT,
				       .help = "whatever an operator wants to remember",
				       .since = "0.1" },
};

const struct kind kind_spillover_policy = {
	.id = KIND_SPILLOVER_POLICY,
	.object = "spillover policy",
	.help = "a condition under which new clients spill",
	.options = options,
	.option_count = SPILLOVER_POLICY_OPTIONS,
	.position_count = 1,
	.check = check,
};
