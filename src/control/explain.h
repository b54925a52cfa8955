/* SPDX-License-Identifier: Apache-2.0
 * explain.h - "explain lb vserver NAME [-clientIP A] [-url U]": what would happen to a new client
 * now, and why.
 *
 * It asks what the engines ask (proxy/verdict.c), in the same order, from what control can see:
 * the plan, the states, the pools and the statistics. Nothing is taken, counted or prolonged by it.
 */
#pragma once

#include "base/text.h"
#include "config/command.h"

#include <stdbool.h>

struct control;

/* False: the answer says what is wrong. */
bool explain_run(struct control *control, const struct command *command,
		 struct text *answer) MUST_USE;
