/* SPDX-License-Identifier: Apache-2.0
 * show.h - what an operator asks for: `show` and `stat`. Lines are "name: value", so that programs
 * can read them as well.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "base/text.h"
#include "config/command.h"

#include <stdbool.h>

struct control;

/* False: there is no such thing, and the answer says so. */
bool show_run(struct control *control, const struct command *command, struct text *answer) MUST_USE;
bool show_stat(struct control *control, const struct command *command,
	       struct text *answer) MUST_USE;
/* `clear lb persistentSessions` */
bool show_clear_persistence(struct control *control, const struct command *command,
			    struct text *answer) MUST_USE;
/* `show engines`, `stat engines`, `show names lb vserver`, `show spillover audit`: words that the
 * reference does not know. False when the line is another; then nothing was added. *is_right stays
 * true unless the answer is an error. */
bool show_own(struct control *control, struct str line, bool *is_right,
	      struct text *answer) MUST_USE;
