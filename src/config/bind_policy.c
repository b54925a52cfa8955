/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_policy.h"

#include "config/config_priv.h"

struct object *bind_policy_find(const struct config *config, const struct command *command)
{
	const struct argument *argument = command_option(command, "policyName");

	if (argument == NULL || argument->count == 0)
		return NULL;
	return config_find(config, KIND_SPILLOVER_POLICY, argument->words[0].text);
}

static const struct binding *find_priority(const struct object *vserver, uint64_t priority)
{
	for (unsigned i = 0; i < vserver->binding_count; i++)
		if (vserver->bindings[i].type == BINDING_SPILLOVER &&
		    vserver->bindings[i].priority == priority)
			return &vserver->bindings[i];
	return NULL;
}

/* Behind all that are there. */
static uint64_t next_priority(const struct object *vserver)
{
	uint64_t priority = BIND_POLICY_FIRST;

	for (unsigned i = 0; i < vserver->binding_count; i++) {
		const struct binding *binding = &vserver->bindings[i];

		if (binding->type == BINDING_SPILLOVER && binding->priority >= priority)
			priority = (uint64_t)binding->priority + BIND_POLICY_STEP;
	}
	return priority;
}

static bool read_priority(const struct object *vserver, const struct command *command,
			  uint32_t *priority, struct report *report)
{
	const struct argument *argument = command_option(command, "priority");
	uint64_t number = next_priority(vserver);
	unsigned column = argument != NULL ? argument->words[0].column : 0;
	const struct binding *other;

	if (argument != NULL && !str_to_number(argument->words[0].text, INT32_MAX, &number))
		number = 0;
	if (number == 0 || number > INT32_MAX) {
		report_fault(report, column, "-priority is out of range: 1 to %d", INT32_MAX);
		return false;
	}
	other = find_priority(vserver, number);
	if (other != NULL) {
		report_fault(report, column,
			     "Resource already exists: spillover policy %.*s has priority %u",
			     STR_ARG(object_name(other->target)), other->priority);
		return false;
	}
	*priority = (uint32_t)number;
	return true;
}

static bool read_goto(const struct command *command, uint32_t priority, uint32_t *go_to,
		      struct report *report)
{
	const struct argument *argument = command_option(command, "gotoPriorityExpression");
	struct str text = argument != NULL ? argument->words[0].text : STR("END");
	uint64_t number = 0;

	*go_to = BIND_POLICY_END;
	if (str_equal_nocase(text, STR("END")))
		return true;
	if (str_equal_nocase(text, STR("NEXT")))
		*go_to = BIND_POLICY_NEXT;
	else if (str_to_number(text, INT32_MAX - 1, &number) && number > priority)
		*go_to = (uint32_t)number;
	if (*go_to != BIND_POLICY_END)
		return true;
	report_fault(report, argument->words[0].column,
		     "-gotoPriorityExpression is END, NEXT or a priority behind %u, not %.*s",
		     priority, STR_ARG(text));
	return false;
}

/* What belongs to policies of other kinds. */
static bool refuse_others(const struct command *command, struct report *report)
{
	static const char *const others[] = { "type", "invoke" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct argument *argument = command_option(command, others[i]);

		if (argument == NULL)
			continue;
		report_fault(report, argument->column, "-%s is not for a spillover policy",
			     others[i]);
		return true;
	}
	return false;
}

bool bind_policy_add(struct config *config, struct object *vserver, const struct command *command,
		     struct report *report)
{
	struct binding binding = { .type = BINDING_SPILLOVER, .weight = 1 };
	unsigned column = command_option(command, "policyName")->words[0].column;

	binding.target = bind_policy_find(config, command);
	if (object_binding(vserver, binding.target, 0) != NULL) {
		report_fault(report, column,
			     "Resource already exists: spillover policy %.*s is bound to %.*s "
			     "already",
			     STR_ARG(object_name(binding.target)), STR_ARG(object_name(vserver)));
		return false;
	}
	if (refuse_others(command, report) ||
	    !read_priority(vserver, command, &binding.priority, report) ||
	    !read_goto(command, binding.priority, &binding.go_to, report))
		return false;
	binding.uid = store_uid(&config->store);
	object_add_binding(vserver, &binding);
	return true;
}

bool bind_policy_remove(struct config *config, struct object *vserver,
			const struct command *command, struct report *report)
{
	const struct argument *priority = command_option(command, "priority");
	const struct word *word = &command_option(command, "policyName")->words[0];
	const struct binding *binding = object_binding(vserver, bind_policy_find(config, command),
						       0);
	uint64_t number;

	must(binding != NULL);
	if (priority != NULL && (!str_to_number(priority->words[0].text, INT32_MAX, &number) ||
				 number != binding->priority)) {
		report_fault(report, priority->words[0].column, "%.*s is bound with priority %u",
			     STR_ARG(word->text), binding->priority);
		return false;
	}
	object_remove_binding(vserver, binding);
	return true;
}

void bind_policy_print(const struct binding *binding, struct text *text)
{
	text_add(text, STR(" -policyName "));
	lex_quote(text, object_name(binding->target));
	text_print(text, " -priority %u", binding->priority);
	if (binding->go_to == BIND_POLICY_NEXT)
		text_add(text, STR(" -gotoPriorityExpression NEXT"));
	else if (binding->go_to != BIND_POLICY_END)
		text_print(text, " -gotoPriorityExpression %u", binding->go_to);
}
