/* SPDX-License-Identifier: Apache-2.0
 * rule.h - a compiled expression that is true, false or undefined: one block of memory without a
 * pointer, so that memcpy() makes another.
 *
 * Evaluation takes no memory, changes nothing, and ends: steps lead only forward, there are at most
 * RULE_STEPS_MAX of them, and each is bounded by the texts in the rule. What cannot be answered (a
 * virtual server that does not exist, a division by zero) makes the whole undefined, unless && or
 * || had decided before, from the left.
 *
 * Owner: whoever has the block. Immutable but for the ids of its virtual servers, which are set
 * before the first run.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "policy/datum.h"
#include "policy/situation.h"

#include <stdint.h>

enum {
	RULE_STEPS_MAX = 512,
	RULE_CONSTANTS_MAX = 256,
	RULE_NAMES_MAX = 32, /* different virtual servers */
	RULE_STACK_MAX = 32, /* values at once */
	RULE_TEXT_MAX = 8192 /* bytes of all texts */
};

enum rule_op {
	RULE_PUSH,       /* number: of the constant */
	RULE_CALL,       /* number: in functions[] */
	RULE_NOT,        /* the value on top */
	RULE_SKIP_FALSE, /* number: steps to pass over when the top is false, which stays; else it
			  * goes
			  */
	RULE_SKIP_TRUE
};

struct rule_step {
	uint16_t op, number;
};

struct rule_constant {
	enum datum_type type;
	uint32_t length;        /* of a text, at `number` in the texts */
	int64_t number;         /* of a virtual server: which of the names */
	struct network network; /* an address stands in it too */
};

struct rule_name {
	uint32_t at, length; /* in the texts */
	uint32_t id;         /* of the virtual server; UINT32_MAX: there is none */
};

struct rule {
	uint32_t bytes; /* of the whole block */
	uint16_t step_count, constant_count, name_count;
	uint32_t constants_at, names_at, texts_at;
	struct rule_step steps[];
};

enum rule_result { RULE_FALSE, RULE_TRUE, RULE_UNDEFINED };

enum rule_result rule_run(const struct rule *rule, const struct situation *situation);

/* The virtual servers that it names, each once. */
struct str rule_name(const struct rule *rule, unsigned index);
uint32_t rule_vserver(const struct rule *rule, unsigned index); /* UINT32_MAX: none */
void rule_set_vserver(struct rule *rule, unsigned index, uint32_t id);
