/* SPDX-License-Identifier: Apache-2.0
 * compile.h - the text of an expression to a rule: parsed, its types checked, once.
 *
 * From loose to tight: || && == != < <= > >= + - * / % then ! and - before a value, then .NAME
 * behind it. `a == b` is `a.EQ(b)`: what can be compared stands in functions[]. TRUE and FALSE are
 * values, texts stand in double quotes, addresses and states (10.0.0.1, UP) as they are where one
 * is taken. Names are known in any case. At most COMPILE_LENGTH_MAX bytes, and COMPILE_DEPTH_MAX
 * parentheses and signs inside of one another.
 */
#pragma once

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"
#include "policy/rule.h"

enum { COMPILE_LENGTH_MAX = 8191, COMPILE_DEPTH_MAX = 32 };

struct compile_fault {
	unsigned column; /* in the expression, from 1 */
	char why[320];
};

/* A rule in the arena, with no virtual server set yet. NULL: the fault says why. */
struct rule *compile_rule(struct str expression, struct arena *arena,
			  struct compile_fault *fault) MUST_USE;
