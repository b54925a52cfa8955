/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/function.h"

/* --- numbers ---------------------------------------------------------------------------------- */

static bool number_eq(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number == at[1].number;
	return true;
}

static bool number_ne(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number != at[1].number;
	return true;
}

static bool number_gt(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number > at[1].number;
	return true;
}

static bool number_ge(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number >= at[1].number;
	return true;
}

static bool number_lt(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number < at[1].number;
	return true;
}

static bool number_le(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number <= at[1].number;
	return true;
}

static bool number_between(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].number >= at[1].number && at[0].number <= at[2].number;
	return true;
}

static bool number_add(const struct situation *situation, struct datum *at)
{
	(void)situation;
	return !__builtin_add_overflow(at[0].number, at[1].number, &at[0].number);
}

static bool number_sub(const struct situation *situation, struct datum *at)
{
	(void)situation;
	return !__builtin_sub_overflow(at[0].number, at[1].number, &at[0].number);
}

static bool number_mul(const struct situation *situation, struct datum *at)
{
	(void)situation;
	return !__builtin_mul_overflow(at[0].number, at[1].number, &at[0].number);
}

static bool can_divide(const struct datum *at)
{
	return at[1].number != 0 && !(at[0].number == INT64_MIN && at[1].number == -1);
}

static bool number_div(const struct situation *situation, struct datum *at)
{
	(void)situation;
	if (!can_divide(at))
		return false;
	at[0].number /= at[1].number;
	return true;
}

static bool number_mod(const struct situation *situation, struct datum *at)
{
	(void)situation;
	if (!can_divide(at))
		return false;
	at[0].number %= at[1].number;
	return true;
}

static bool number_neg(const struct situation *situation, struct datum *at)
{
	(void)situation;
	return !__builtin_sub_overflow((int64_t)0, at[0].number, &at[0].number);
}

/* --- true or false ---------------------------------------------------------------------------- */

static bool bool_eq(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].is_true == at[1].is_true;
	return true;
}

static bool bool_ne(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = at[0].is_true != at[1].is_true;
	return true;
}

static bool bool_not(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = !at[0].is_true;
	return true;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool text_eq(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = str_equal(at[0].text, at[1].text);
	return true;
}

static bool text_ne(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = !str_equal(at[0].text, at[1].text);
	return true;
}

static bool text_contains(const struct situation *situation, struct datum *at)
{
	struct str text = at[0].text, part = at[1].text;

	(void)situation;
	at[0].is_true = part.length == 0 ||
			(text.length > 0 &&
			 memmem(text.at, text.length, part.at, part.length) != NULL);
	return true;
}

static bool text_starts(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = str_starts(at[0].text, at[1].text);
	return true;
}

static bool text_ends(const struct situation *situation, struct datum *at)
{
	struct str text = at[0].text, end = at[1].text;

	(void)situation;
	at[0].is_true = text.length >= end.length &&
			str_equal((struct str){ text.at + text.length - end.length, end.length },
				  end);
	return true;
}

static bool text_length(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].number = (int64_t)at[0].text.length;
	return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool address_eq(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = address_equal(&at[0].address, &at[1].address);
	return true;
}

static bool address_ne(const struct situation *situation, struct datum *at)
{
	(void)address_eq(situation, at);
	at[0].is_true = !at[0].is_true;
	return true;
}

static bool address_in_subnet(const struct situation *situation, struct datum *at)
{
	(void)situation;
	at[0].is_true = network_has(&at[1].network, &at[0].address);
	return true;
}

static bool client_source(const struct situation *situation, struct datum *at)
{
	if (situation->client == NULL)
		return false;
	at[0].address = datum_address(situation->client);
	return true;
}

/* --- virtual servers -------------------------------------------------------------------------- */

static bool ask(const struct situation *situation, struct datum *at, enum situation_fact fact)
{
	int64_t number;

	if (situation->vserver == NULL ||
	    !situation->vserver(situation->context, at->vserver, fact, &number))
		return false;
	at->number = number;
	return true;
}

static bool vserver_connections(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_CONNECTIONS);
}

static bool vserver_throughput(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_THROUGHPUT);
}

static bool vserver_response_time(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_RESPONSE_TIME);
}

static bool vserver_surge(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_SURGE);
}

static bool vserver_state(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_STATE);
}

static bool vserver_health(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_HEALTH);
}

static bool vserver_active(const struct situation *situation, struct datum *at)
{
	return ask(situation, at, SITUATION_ACTIVE_SERVICES);
}

/* --- the table -------------------------------------------------------------------------------- */

#define N DATUM_NUMBER
#define B DATUM_BOOL
#define T DATUM_TEXT
#define A DATUM_ADDRESS
#define V DATUM_VSERVER

const struct function functions[] = {
	{ DATUM_NONE, "SYS", NULL, { 0 }, DATUM_SYS, NULL, "the appliance" },
	{ DATUM_SYS,
	  "VSERVER",
	  NULL,
	  { V },
	  V,
	  NULL,
	  "a virtual server by its name, in quotes; without one of that name the expression is "
	  "undefined" },
	{ V,
	  "CONNECTIONS",
	  NULL,
	  { 0 },
	  N,
	  vserver_connections,
	  "client connections that it serves now" },
	{ V,
	  "THROUGHPUT",
	  NULL,
	  { 0 },
	  N,
	  vserver_throughput,
	  "megabits per second to and from its clients, over the last second" },
	{ V, "STATE", NULL, { 0 }, DATUM_STATE, vserver_state, "UP, DOWN or OUT_OF_SERVICE" },
	{ V, "HEALTH", NULL, { 0 }, N, vserver_health, "percent of its services that are up" },
	{ V,
	  "RESPTIME",
	  NULL,
	  { 0 },
	  N,
	  vserver_response_time,
	  "microseconds to the first byte of an answer, average of its services over the last "
	  "seconds" },
	{ V,
	  "SURGECOUNT",
	  NULL,
	  { 0 },
	  N,
	  vserver_surge,
	  "clients and requests that wait for a service" },
	{ V, "ACTIVESERVICES", NULL, { 0 }, N, vserver_active, "services that are up" },
	{ DATUM_NONE, "CLIENT", NULL, { 0 }, DATUM_CLIENT, NULL, "who connects" },
	{ DATUM_CLIENT, "IP", NULL, { 0 }, DATUM_CLIENT_IP, NULL, "its packets" },
	{ DATUM_CLIENT_IP, "SRC", NULL, { 0 }, A, client_source, "the client's address" },
	{ A, "EQ", "==", { A }, B, address_eq, "the same address: EQ(10.0.0.1)" },
	{ A, "NE", "!=", { A }, B, address_ne, "another address" },
	{ A,
	  "IN_SUBNET",
	  NULL,
	  { DATUM_SUBNET },
	  B,
	  address_in_subnet,
	  "inside of a subnet: IN_SUBNET(10.0.0.0/8)" },
	{ DATUM_STATE, "EQ", "==", { DATUM_STATE }, B, number_eq, "that state: EQ(UP)" },
	{ DATUM_STATE, "NE", "!=", { DATUM_STATE }, B, number_ne, "not that state" },
	{ N, "EQ", "==", { N }, B, number_eq, "equal" },
	{ N, "NE", "!=", { N }, B, number_ne, "not equal" },
	{ N, "GT", ">", { N }, B, number_gt, "greater" },
	{ N, "GE", ">=", { N }, B, number_ge, "greater or equal" },
	{ N, "LT", "<", { N }, B, number_lt, "less" },
	{ N, "LE", "<=", { N }, B, number_le, "less or equal" },
	{ N,
	  "BETWEEN",
	  NULL,
	  { N, N },
	  B,
	  number_between,
	  "from the first to the second, both in" },
	{ N, "ADD", "+", { N }, N, number_add, "sum; undefined when it does not fit 64 bits" },
	{ N, "SUB", "-", { N }, N, number_sub, "difference" },
	{ N, "MUL", "*", { N }, N, number_mul, "product" },
	{ N, "DIV", "/", { N }, N, number_div, "quotient without a rest; undefined by 0" },
	{ N, "MOD", "%", { N }, N, number_mod, "the rest of a division; undefined by 0" },
	{ N, "NEG", NULL, { 0 }, N, number_neg, "with the other sign" },
	{ B, "EQ", "==", { B }, B, bool_eq, "both or none" },
	{ B, "NE", "!=", { B }, B, bool_ne, "just one of them" },
	{ B, "NOT", NULL, { 0 }, B, bool_not, "the contrary, as !" },
	{ T, "EQ", "==", { T }, B, text_eq, "the same text, in the same case" },
	{ T, "NE", "!=", { T }, B, text_ne, "another text" },
	{ T, "CONTAINS", NULL, { T }, B, text_contains, "has it somewhere" },
	{ T, "STARTSWITH", NULL, { T }, B, text_starts, "begins with it" },
	{ T, "ENDSWITH", NULL, { T }, B, text_ends, "ends with it" },
	{ T, "LENGTH", NULL, { 0 }, N, text_length, "its bytes" },
};

const unsigned function_count = sizeof(functions) / sizeof(functions[0]);

const struct function *function_find(enum datum_type receiver, struct str name)
{
	for (unsigned i = 0; i < function_count; i++)
		if (functions[i].receiver == receiver &&
		    str_equal_nocase(name, str_of(functions[i].name)))
			return &functions[i];
	return NULL;
}

const struct function *function_sign(enum datum_type receiver, struct str sign)
{
	for (unsigned i = 0; i < function_count; i++)
		if (functions[i].receiver == receiver && functions[i].sign != NULL &&
		    str_equal(sign, str_of(functions[i].sign)))
			return &functions[i];
	return NULL;
}

unsigned function_arguments(const struct function *function)
{
	unsigned count = 0;

	while (count < FUNCTION_ARGUMENTS_MAX && function->arguments[count] != DATUM_NONE)
		count++;
	return count;
}

static void list(enum datum_type receiver, struct text *text)
{
	const char *before = "one of ";

	for (unsigned i = 0; i < function_count; i++) {
		if (functions[i].receiver != receiver)
			continue;
		text_print(text, "%s%s", before, functions[i].name);
		before = ", ";
	}
	if (text->length == 0)
		text_print(text, "nothing can follow %s", datum_type_name(receiver));
}

void function_suggest(enum datum_type receiver, struct str name, struct text *text)
{
	const char *best = NULL;
	unsigned least = 4;

	for (unsigned i = 0; i < function_count; i++) {
		unsigned distance = str_distance(name, str_of(functions[i].name), least);

		if (functions[i].receiver != receiver || distance >= least ||
		    distance * 3 > name.length + 1)
			continue;
		least = distance;
		best = functions[i].name;
	}
	if (best != NULL)
		text_print(text, "did you mean %s?", best);
	else
		list(receiver, text);
}

/* What stands before the dot. */
static const char *receiver_of(const struct function *function)
{
	static const char *const written[DATUM_TYPES] = {
		[DATUM_NONE] = "",
		[DATUM_BOOL] = "BOOLEAN.",
		[DATUM_NUMBER] = "NUMBER.",
		[DATUM_TEXT] = "TEXT.",
		[DATUM_ADDRESS] = "ADDRESS.",
		[DATUM_SUBNET] = "",
		[DATUM_STATE] = "STATE.",
		[DATUM_VSERVER] = "SYS.VSERVER(\"name\").",
		[DATUM_SYS] = "SYS.",
		[DATUM_CLIENT] = "CLIENT.",
		[DATUM_CLIENT_IP] = "CLIENT.IP.",
	};

	return written[function->receiver];
}

void function_print(const struct function *function, struct text *text)
{
	static const char *const written[DATUM_TYPES] = {
		[DATUM_BOOL] = "boolean",     [DATUM_NUMBER] = "number", [DATUM_TEXT] = "text",
		[DATUM_ADDRESS] = "address",  [DATUM_SUBNET] = "subnet", [DATUM_STATE] = "state",
		[DATUM_VSERVER] = "\"name\"",
	};
	unsigned count = function_arguments(function);

	text_print(text, "%s%s", receiver_of(function), function->name);
	for (unsigned i = 0; i < count; i++)
		text_print(text, "%s%s", i == 0 ? "(" : ", ", written[function->arguments[i]]);
	if (count > 0)
		text_add(text, STR(")"));
}
