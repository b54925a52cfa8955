/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule.h"

#include "policy/function.h"

static const void *part(const struct rule *rule, uint32_t at)
{
	return (const char *)rule + at;
}

static struct rule_name *name_at(const struct rule *rule, unsigned index)
{
	must(index < rule->name_count);
	return (struct rule_name *)(uintptr_t)part(rule, rule->names_at) + index;
}

static struct datum constant(const struct rule *rule, unsigned index)
{
	const struct rule_constant *constants = part(rule, rule->constants_at);
	const struct rule_constant *one = &constants[index];
	const char *texts = part(rule, rule->texts_at);
	struct datum datum = { .number = one->number };

	if (one->type == DATUM_TEXT)
		datum.text = (struct str){ texts + one->number, one->length };
	else if (one->type == DATUM_ADDRESS)
		datum.address = one->network.address;
	else if (one->type == DATUM_SUBNET)
		datum.network = one->network;
	else if (one->type == DATUM_BOOL)
		datum.is_true = one->number != 0;
	else if (one->type == DATUM_VSERVER)
		datum.vserver = name_at(rule, (unsigned)one->number)->id;
	return datum;
}

static bool call(const struct situation *situation, const struct function *function,
		 struct datum *stack, unsigned *depth)
{
	*depth -= datum_has_value(function->receiver) + function_arguments(function);
	if (!function->apply(situation, &stack[*depth]))
		return false;
	++*depth;
	return true;
}

/* Whether the steps behind are passed over; what decides stays then. */
static bool skips(const struct rule_step *step, const struct datum *stack, unsigned *depth)
{
	if (stack[*depth - 1].is_true == (step->op == RULE_SKIP_TRUE))
		return true;
	--*depth;
	return false;
}

enum rule_result rule_run(const struct rule *rule, const struct situation *situation)
{
	struct datum stack[RULE_STACK_MAX];
	unsigned depth = 0;

	for (unsigned at = 0; at < rule->step_count; at++) {
		const struct rule_step *step = &rule->steps[at];

		switch ((enum rule_op)step->op) {
		case RULE_PUSH:
			stack[depth++] = constant(rule, step->number);
			break;
		case RULE_CALL:
			if (!call(situation, &functions[step->number], stack, &depth))
				return RULE_UNDEFINED;
			break;
		case RULE_NOT:
			stack[depth - 1].is_true = !stack[depth - 1].is_true;
			break;
		case RULE_SKIP_FALSE:
		case RULE_SKIP_TRUE:
			if (skips(step, stack, &depth))
				at += step->number;
			break;
		}
	}
	return stack[0].is_true ? RULE_TRUE : RULE_FALSE;
}

struct str rule_name(const struct rule *rule, unsigned index)
{
	const struct rule_name *name = name_at(rule, index);

	return (struct str){ (const char *)part(rule, rule->texts_at) + name->at, name->length };
}

void rule_set_vserver(struct rule *rule, unsigned index, uint32_t id)
{
	name_at(rule, index)->id = id;
}

uint32_t rule_vserver(const struct rule *rule, unsigned index)
{
	return name_at(rule, index)->id;
}
