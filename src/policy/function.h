/* SPDX-License-Identifier: Apache-2.0
 * function.h - the one table of what an expression can do: every name that may stand in it, what it
 * belongs to, what it takes and gives.
 *
 * Parser, type check, error texts, `show policy functions` and the manual read the same row. The
 * names are those of NetScaler's advanced policy expressions; they are known in any case.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"
#include "policy/datum.h"
#include "policy/situation.h"

#include <stdbool.h>

enum { FUNCTION_ARGUMENTS_MAX = 2 };

struct function {
	enum datum_type receiver; /* what it belongs to; DATUM_NONE: an expression begins with it */
	const char *name;
	const char *sign; /* the same between two values, "=="; NULL: none */
	enum datum_type arguments[FUNCTION_ARGUMENTS_MAX];
	enum datum_type result;
	/* at[0] is the receiver, unless that has no value; the arguments follow; the result goes to
	 * at[0]. False: undefined. NULL: the row leads to others and does nothing by itself. */
	bool (*apply)(const struct situation *situation, struct datum *at);
	const char *help;
};

extern const struct function functions[];
extern const unsigned function_count;

/* NULL: none. */
const struct function *function_find(enum datum_type receiver, struct str name);
const struct function *function_sign(enum datum_type receiver, struct str sign);
unsigned function_arguments(const struct function *function); /* how many */
/* What a wrong name should have been: "did you mean EQ?" or "one of EQ, NE, ..." */
void function_suggest(enum datum_type receiver, struct str name, struct text *text);
/* "SYS.VSERVER(name).CONNECTIONS" and so on, as the manual has it; with its arguments. */
void function_print(const struct function *function, struct text *text);
