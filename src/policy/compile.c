/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compile.h"

#include "policy/function.h"
#include "policy/lexeme.h"

#include <stdarg.h>
#include <stdio.h>

enum { LEVELS = 6, SIGNS_MAX = 5, TOLD_MAX = 80 };

/* While one expression is compiled. A parser returns the type of what it left on the stack, or
 * DATUM_NONE after a fault. */
struct compiler {
	struct str expression;
	struct lexeme next;
	struct compile_fault *fault;
	bool is_faulty; /* the first fault counts */
	unsigned depth; /* of parentheses and signs */
	unsigned stack; /* values there now */
	unsigned step_count, constant_count, name_count;
	struct rule_step steps[RULE_STEPS_MAX];
	struct rule_constant constants[RULE_CONSTANTS_MAX];
	struct rule_name names[RULE_NAMES_MAX];
	char texts[RULE_TEXT_MAX];
	uint32_t text_length;
};

/* Loosest first. The first two are not functions: they do not always look at their right side. */
static const char *const levels[LEVELS][SIGNS_MAX] = {
	{ "||" },     { "&&" },          { "==", "!=" }, { "<=", ">=", "<", ">" },
	{ "+", "-" }, { "*", "/", "%" },
};

static enum datum_type parse_level(struct compiler *in, unsigned level, enum datum_type wanted);

/* --- faults ----------------------------------------------------------------------------------- */

static enum datum_type PRINTF(3, 4) fault(struct compiler *in, size_t at, const char *format, ...)
{
	va_list list;

	if (in->is_faulty)
		return DATUM_NONE;
	in->is_faulty = true;
	in->fault->column = (unsigned)at + 1;
	va_start(list, format);
	vsnprintf(in->fault->why, sizeof(in->fault->why), format, list);
	va_end(list);
	return DATUM_NONE;
}

/* What the expression says from there on up to the next part, not too much of it. */
static struct str told(const struct compiler *in, size_t from, size_t to)
{
	struct str text = { in->expression.at + from, to - from };

	return text.length > TOLD_MAX ? (struct str){ text.at + text.length - TOLD_MAX, TOLD_MAX }
				      : text;
}

static enum datum_type fault_unexpected(struct compiler *in, const char *wanted)
{
	const struct lexeme *next = &in->next;

	if (next->kind == LEXEME_BAD)
		return fault(in, next->at, "%s", next->why);
	if (next->kind == LEXEME_END)
		return fault(in, next->at, "%s is missing at the end", wanted);
	return fault(in, next->at, "%s is expected here, not %.*s", wanted, STR_ARG(next->text));
}

static enum datum_type fault_unknown(struct compiler *in, enum datum_type receiver, size_t from)
{
	struct text others = TEXT_EMPTY;
	struct str name = in->next.text;
	struct str whole = told(in, from, in->next.at + name.length);

	function_suggest(receiver, name, &others);
	fault(in, in->next.at, "%.*s: unknown; %.*s", STR_ARG(whole),
	      (int)(others.length < 160 ? others.length : 160), others.at);
	text_free(&others);
	return DATUM_NONE;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void advance(struct compiler *in)
{
	in->next = lexeme_next(in->expression, in->next.at + in->next.text.length);
}

static bool emit(struct compiler *in, enum rule_op op, unsigned number)
{
	if (in->step_count == RULE_STEPS_MAX) {
		fault(in, in->next.at, "the expression is too long: more than %d steps",
		      RULE_STEPS_MAX);
		return false;
	}
	in->steps[in->step_count++] = (struct rule_step){ (uint16_t)op, (uint16_t)number };
	return true;
}

static enum datum_type push(struct compiler *in, struct rule_constant constant)
{
	if (in->constant_count == RULE_CONSTANTS_MAX)
		return fault(in, in->next.at, "the expression is too long: more than %d values",
			     RULE_CONSTANTS_MAX);
	if (in->stack == RULE_STACK_MAX)
		return fault(in, in->next.at, "the expression is too deep: %d values at once",
			     RULE_STACK_MAX);
	in->constants[in->constant_count] = constant;
	if (!emit(in, RULE_PUSH, in->constant_count++))
		return DATUM_NONE;
	in->stack++;
	return constant.type;
}

static enum datum_type call(struct compiler *in, const struct function *function)
{
	unsigned takes = datum_has_value(function->receiver) + function_arguments(function);

	if (function->apply == NULL)
		return function->result;
	if (in->stack - takes == RULE_STACK_MAX)
		return fault(in, in->next.at, "the expression is too deep: %d values at once",
			     RULE_STACK_MAX);
	if (!emit(in, RULE_CALL, (unsigned)(function - functions)))
		return DATUM_NONE;
	in->stack = in->stack - takes + 1;
	return function->result;
}

static bool enter(struct compiler *in)
{
	if (in->depth < COMPILE_DEPTH_MAX) {
		in->depth++;
		return true;
	}
	fault(in, in->next.at, "the expression is too deep: more than %d parentheses and signs",
	      COMPILE_DEPTH_MAX);
	return false;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Texts are never longer than the expression, which is shorter than their room. */
static uint32_t keep_text(struct compiler *in, uint32_t *at)
{
	*at = in->text_length;
	in->text_length += (uint32_t)lexeme_unescape(in->next.text, in->texts + *at);
	return in->text_length - *at;
}

static enum datum_type parse_text(struct compiler *in)
{
	uint32_t at, length = keep_text(in, &at);

	advance(in);
	return push(in,
		    (struct rule_constant){ .type = DATUM_TEXT, .length = length, .number = at });
}

static int find_name(const struct compiler *in, struct str name)
{
	for (unsigned i = 0; i < in->name_count; i++) {
		const struct rule_name *one = &in->names[i];

		if (str_equal(name, (struct str){ in->texts + one->at, one->length }))
			return (int)i;
	}
	return -1;
}

static enum datum_type parse_vserver(struct compiler *in)
{
	uint32_t at, length;
	int index;

	if (in->next.kind != LEXEME_TEXT)
		return fault_unexpected(in, "a name in double quotes");
	length = keep_text(in, &at);
	if (length == 0)
		return fault(in, in->next.at, "the name is empty");
	index = find_name(in, (struct str){ in->texts + at, length });
	if (index < 0 && in->name_count == RULE_NAMES_MAX)
		return fault(in, in->next.at, "more than %d virtual servers in one expression",
			     RULE_NAMES_MAX);
	if (index < 0) {
		index = (int)in->name_count++;
		in->names[index] = (struct rule_name){ at, length, UINT32_MAX };
	}
	advance(in);
	return push(in, (struct rule_constant){ .type = DATUM_VSERVER, .number = index });
}

static bool parse_literal(struct str run, enum datum_type wanted, struct network *network)
{
	struct address address;

	if (wanted == DATUM_SUBNET)
		return network_parse(run, network);
	if (!address_parse(run, 0, &address))
		return false;
	network->address = datum_address(&address);
	return true;
}

/* Only where an address or a subnet is taken: else 10.0.0.1 would be a number and more. */
static enum datum_type parse_address(struct compiler *in, enum datum_type wanted, bool *is_one)
{
	struct str run = lexeme_address(in->expression, in->next.at);
	struct rule_constant constant = { .type = wanted };
	bool is_address = parse_literal(run, wanted, &constant.network);
	bool begins = run.length > 0 && ((run.at[0] >= '0' && run.at[0] <= '9') ||
					 memchr(run.at, ':', run.length) != NULL);

	*is_one = is_address || begins;
	if (!*is_one)
		return DATUM_NONE;
	if (!is_address)
		return fault(in, in->next.at, "%.*s is no %s: one is %s", STR_ARG(run),
			     wanted == DATUM_SUBNET ? "subnet" : "address",
			     wanted == DATUM_SUBNET
				     ? "like 10.0.0.0/8 or 2001:db8::/32, with zeros "
				       "behind its bits"
				     : "like 10.0.0.1 or 2001:db8::1");
	in->next = lexeme_next(in->expression, in->next.at + run.length);
	return push(in, constant);
}

/* Names that are values. */
static bool parse_word(struct compiler *in, enum datum_type wanted, enum datum_type *type)
{
	bool is_true = str_equal_nocase(in->next.text, STR("TRUE"));
	struct rule_constant constant = { .type = DATUM_BOOL, .number = is_true };

	if (wanted == DATUM_STATE && datum_state_parse(in->next.text, &constant.number))
		constant.type = DATUM_STATE;
	else if (!is_true && !str_equal_nocase(in->next.text, STR("FALSE")))
		return false;
	advance(in);
	*type = push(in, constant);
	return true;
}

/* --- functions -------------------------------------------------------------------------------- */

static enum datum_type fault_type(struct compiler *in, size_t at, const char *who,
				  enum datum_type wanted, enum datum_type type)
{
	const char *more = wanted == DATUM_STATE ? ": UP, DOWN or OUT_OF_SERVICE" : "";

	if (type == DATUM_NONE)
		return DATUM_NONE;
	return fault(in, at, "%s takes %s, this is %s%s", who, datum_type_name(wanted),
		     datum_type_name(type), more);
}

static bool parse_argument(struct compiler *in, const struct function *function, unsigned index)
{
	enum datum_type wanted = function->arguments[index], type;
	size_t at = in->next.at;

	if (index > 0 && !lexeme_is(&in->next, ",")) {
		fault(in, at, "%s takes %u values", function->name, function_arguments(function));
		return false;
	}
	if (index > 0)
		advance(in);
	at = in->next.at;
	type = wanted == DATUM_VSERVER ? parse_vserver(in) : parse_level(in, 0, wanted);
	if (type == wanted)
		return true;
	fault_type(in, at, function->name, wanted, type);
	return false;
}

/* Behind the name. () may stand behind one that takes nothing. */
static bool parse_arguments(struct compiler *in, const struct function *function)
{
	unsigned count = function_arguments(function);

	if (!lexeme_is(&in->next, "(")) {
		if (count > 0)
			fault(in, in->next.at, "%s takes a value: %s(...)", function->name,
			      function->name);
		return count == 0;
	}
	if (!enter(in))
		return false;
	advance(in);
	for (unsigned i = 0; i < count; i++)
		if (!parse_argument(in, function, i))
			return false;
	if (!lexeme_is(&in->next, ")")) {
		if (lexeme_is(&in->next, ","))
			fault(in, in->next.at, "too many values for %s", function->name);
		fault_unexpected(in, ")");
		return false;
	}
	advance(in);
	in->depth--;
	return true;
}

static enum datum_type parse_function(struct compiler *in, enum datum_type receiver, size_t from)
{
	const struct function *function;

	if (in->next.kind != LEXEME_NAME)
		return fault_unexpected(in, "a name");
	function = function_find(receiver, in->next.text);
	if (function == NULL)
		return fault_unknown(in, receiver, from);
	advance(in);
	return parse_arguments(in, function) ? call(in, function) : DATUM_NONE;
}

/* --- expressions ------------------------------------------------------------------------------ */

static enum datum_type parse_group(struct compiler *in, enum datum_type wanted)
{
	enum datum_type type;

	if (!enter(in))
		return DATUM_NONE;
	advance(in);
	type = parse_level(in, 0, wanted);
	if (type == DATUM_NONE)
		return DATUM_NONE;
	if (!lexeme_is(&in->next, ")"))
		return fault_unexpected(in, ")");
	advance(in);
	in->depth--;
	return type;
}

/* -5 is a number: its minus binds tighter than the names behind it. */
static bool is_negative(const struct compiler *in)
{
	return lexeme_is(&in->next, "-") &&
	       lexeme_next(in->expression, in->next.at + 1).kind == LEXEME_NUMBER;
}

static enum datum_type parse_number(struct compiler *in)
{
	bool is_below = is_negative(in);
	int64_t number;

	if (is_below)
		advance(in);
	number = is_below ? -(int64_t)in->next.number : (int64_t)in->next.number;
	advance(in);
	return push(in, (struct rule_constant){ .type = DATUM_NUMBER, .number = number });
}

static enum datum_type parse_first(struct compiler *in, enum datum_type wanted)
{
	enum datum_type type;
	bool is_one = false;

	if (wanted == DATUM_ADDRESS || wanted == DATUM_SUBNET) {
		type = parse_address(in, wanted, &is_one);
		if (is_one)
			return type;
	}
	if (in->next.kind == LEXEME_NUMBER || is_negative(in))
		return parse_number(in);
	if (in->next.kind == LEXEME_TEXT)
		return parse_text(in);
	if (lexeme_is(&in->next, "("))
		return parse_group(in, wanted);
	if (in->next.kind != LEXEME_NAME)
		return fault_unexpected(in, "a value");
	if (parse_word(in, wanted, &type))
		return type;
	return parse_function(in, DATUM_NONE, in->next.at);
}

static enum datum_type parse_value(struct compiler *in, enum datum_type wanted)
{
	size_t from = in->next.at;
	enum datum_type type = parse_first(in, wanted);

	while (type != DATUM_NONE && lexeme_is(&in->next, ".")) {
		advance(in);
		type = parse_function(in, type, from);
	}
	if (type != DATUM_NONE && !datum_has_value(type)) {
		struct text others = TEXT_EMPTY;

		function_suggest(type, (struct str){ 0 }, &others);
		fault(in, from, "%s alone is no value: .NAME must follow, %.200s",
		      datum_type_name(type), others.at);
		text_free(&others);
		return DATUM_NONE;
	}
	return type;
}

static enum datum_type parse_not(struct compiler *in)
{
	size_t at = in->next.at;
	enum datum_type type;

	if (!enter(in))
		return DATUM_NONE;
	advance(in);
	type = parse_level(in, LEVELS, DATUM_BOOL);
	if (type != DATUM_BOOL)
		return fault_type(in, at, "!", DATUM_BOOL, type);
	in->depth--;
	return emit(in, RULE_NOT, 0) ? DATUM_BOOL : DATUM_NONE;
}

static enum datum_type parse_minus(struct compiler *in)
{
	size_t at = in->next.at;
	enum datum_type type;

	if (!enter(in))
		return DATUM_NONE;
	advance(in);
	type = parse_level(in, LEVELS, DATUM_NUMBER);
	if (type != DATUM_NUMBER)
		return fault_type(in, at, "-", DATUM_NUMBER, type);
	in->depth--;
	return call(in, function_find(DATUM_NUMBER, STR("NEG")));
}

static enum datum_type parse_unary(struct compiler *in, enum datum_type wanted)
{
	if (lexeme_is(&in->next, "!"))
		return parse_not(in);
	if (lexeme_is(&in->next, "-") && !is_negative(in))
		return parse_minus(in);
	return parse_value(in, wanted);
}

/* && and ||: what decides stays on the stack and the right side is passed over. */
static enum datum_type parse_logic(struct compiler *in, unsigned level, enum datum_type left)
{
	const char *sign = levels[level][0];
	size_t at = in->next.at;
	unsigned skip = in->step_count;
	enum datum_type right;

	if (left != DATUM_BOOL)
		return fault_type(in, at, sign, DATUM_BOOL, left);
	advance(in);
	if (!emit(in, level == 0 ? RULE_SKIP_TRUE : RULE_SKIP_FALSE, 0))
		return DATUM_NONE;
	in->stack--;
	at = in->next.at;
	right = parse_level(in, level + 1, DATUM_BOOL);
	if (right != DATUM_BOOL)
		return fault_type(in, at, sign, DATUM_BOOL, right);
	in->steps[skip].number = (uint16_t)(in->step_count - skip - 1);
	return DATUM_BOOL;
}

static enum datum_type parse_sign(struct compiler *in, unsigned level, enum datum_type left)
{
	const struct function *function = function_sign(left, in->next.text);
	struct str sign = in->next.text;
	size_t at = in->next.at;
	enum datum_type right;

	if (function == NULL)
		return fault(in, at, "%.*s cannot be used on %s", STR_ARG(sign),
			     datum_type_name(left));
	advance(in);
	at = in->next.at;
	right = parse_level(in, level + 1, function->arguments[0]);
	if (right != function->arguments[0])
		return fault_type(in, at, function->sign, function->arguments[0], right);
	return call(in, function);
}

static bool is_of_level(const struct lexeme *lexeme, unsigned level)
{
	for (unsigned i = 0; i < SIGNS_MAX && levels[level][i] != NULL; i++)
		if (lexeme_is(lexeme, levels[level][i]))
			return true;
	return false;
}

static enum datum_type parse_level(struct compiler *in, unsigned level, enum datum_type wanted)
{
	enum datum_type type;

	if (level == LEVELS)
		return parse_unary(in, wanted);
	type = parse_level(in, level + 1, wanted);
	while (type != DATUM_NONE && is_of_level(&in->next, level))
		type = level < 2 ? parse_logic(in, level, type) : parse_sign(in, level, type);
	return type;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Steps, constants, names and texts, in one block. */
static struct rule *pack(const struct compiler *in, struct arena *arena)
{
	size_t steps = in->step_count * sizeof(in->steps[0]);
	size_t constants = in->constant_count * sizeof(in->constants[0]);
	size_t names = in->name_count * sizeof(in->names[0]);
	size_t align = alignof(struct rule_constant);
	size_t constants_at = (sizeof(struct rule) + steps + align - 1) / align * align;
	size_t names_at = constants_at + constants, texts_at = names_at + names;
	char *block = arena_take(arena, texts_at + in->text_length, align);
	struct rule *rule = (struct rule *)(void *)block;

	rule->bytes = (uint32_t)(texts_at + in->text_length);
	rule->step_count = (uint16_t)in->step_count;
	rule->constant_count = (uint16_t)in->constant_count;
	rule->name_count = (uint16_t)in->name_count;
	rule->constants_at = (uint32_t)constants_at;
	rule->names_at = (uint32_t)names_at;
	rule->texts_at = (uint32_t)texts_at;
	memcpy(rule->steps, in->steps, steps);
	memcpy(block + constants_at, in->constants, constants);
	memcpy(block + names_at, in->names, names);
	memcpy(block + texts_at, in->texts, in->text_length);
	return rule;
}

static bool parse_whole(struct compiler *in)
{
	enum datum_type type;

	if (in->expression.length > COMPILE_LENGTH_MAX) {
		fault(in, COMPILE_LENGTH_MAX, "the expression is longer than %d bytes",
		      COMPILE_LENGTH_MAX);
		return false;
	}
	in->next = lexeme_next(in->expression, 0);
	if (in->next.kind == LEXEME_END) {
		fault(in, 0, "the expression is empty");
		return false;
	}
	type = parse_level(in, 0, DATUM_BOOL);
	if (type == DATUM_NONE)
		return false;
	if (in->next.kind != LEXEME_END)
		fault_unexpected(in, "&&, || or the end");
	else if (type != DATUM_BOOL)
		fault(in, 0, "the expression must be true or false, this is %s%s",
		      datum_type_name(type),
		      type == DATUM_NUMBER ? ": compare it, as in .GT(500)" : "");
	return !in->is_faulty;
}

struct rule *compile_rule(struct str expression, struct arena *arena, struct compile_fault *fault)
{
	struct compiler in;

	in.expression = expression;
	in.fault = fault;
	in.is_faulty = false;
	in.depth = in.stack = 0;
	in.step_count = in.constant_count = in.name_count = 0;
	in.text_length = 0;
	return parse_whole(&in) ? pack(&in, arena) : NULL;
}
