/* SPDX-License-Identifier: Apache-2.0
 * kept.h - commands that are known but not yet supported: remembered, merged and printed, so that
 * nothing of a configuration is lost. Owner: control.
 *
 * add and bind are kept each for itself, a set is merged into the earlier set of the same thing,
 * rm, unbind and unset take away what they name.
 */
#pragma once

#include "base/check.h"
#include "base/text.h"
#include "config/command.h"
#include "config/report.h"

#include <stdbool.h>

struct kept {
	struct kept_line **lines; /* owned; in the order in which they came */
	unsigned count, room;
};

void kept_init(struct kept *kept);
void kept_fini(struct kept *kept); /* empty again */

/* False: refused, nothing changed. */
bool kept_apply(struct kept *kept, const struct command *command, struct report *report) MUST_USE;

/* What was told about the TLS side of an object follows it: `to` empty means that it is gone. */
void kept_follow(struct kept *kept, struct str kind, struct str name, struct str to);

/* What must stand before our own objects (add, enable, disable), or what must stand behind. */
void kept_print(const struct kept *kept, bool is_before, struct text *text);
