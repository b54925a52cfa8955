/* SPDX-License-Identifier: Apache-2.0
 * policy_fuzz.c - expressions, from text to a result.
 *
 * What must hold whatever comes: an expression is compiled, or refused with words and a column that
 * exists; the rule keeps its bounds; a copy of its block gives the same result, twice.
 */
#include "policy/compile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool vserver(void *context, uint32_t id, enum situation_fact fact, int64_t *number)
{
	(void)context;
	*number = (int64_t)id * 100 + fact;
	return id < RULE_NAMES_MAX / 2;
}

static void check_run(struct rule *rule)
{
	struct address client;
	struct situation situation = { .vserver = vserver };
	struct rule *copy = malloc(rule->bytes);
	enum rule_result result;

	must(copy != NULL && address_parse(STR("10.1.2.3"), 80, &client));
	must(rule->step_count <= RULE_STEPS_MAX && rule->name_count <= RULE_NAMES_MAX);
	for (unsigned i = 0; i < rule->name_count; i++) {
		must(rule_name(rule, i).length > 0);
		rule_set_vserver(rule, i, i);
	}
	memcpy(copy, rule, rule->bytes);
	(void)rule_run(rule, &situation);
	situation.client = &client;
	result = rule_run(copy, &situation);
	must(result == rule_run(rule, &situation));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct compile_fault fault = { 0 };
	struct rule *rule = compile_rule((struct str){ (const char *)data, size }, arena, &fault);

	if (rule != NULL)
		check_run(rule);
	else
		must(fault.why[0] != '\0' && fault.column >= 1 && fault.column <= size + 1);
	arena_free(arena);
	return 0;
}
