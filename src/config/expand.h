/* SPDX-License-Identifier: Apache-2.0
 * expand.h - ranges: web[1-3] stands for web1, web2, web3, and 10.0.0.[1-3] for three addresses.
 */
#pragma once

#include "base/arena.h"
#include "config/command.h"

#include <stdbool.h>

enum { EXPAND_MAX = 1024 };

/* How many words `text` stands for: 1 when it holds no range, 0 when its range is none that can
 * be ("[5-2]", more than EXPAND_MAX). A leading zero keeps the width: [01-10]. */
unsigned expand_count(struct str text);
/* Whether it is typed like a range, a wrong one included; what must be quoted is none. */
bool expand_is_range(struct str text);
/* The word at `index` of them. */
struct str expand_word(struct str text, unsigned index, struct arena *arena);

/* How many commands `command` stands for; 0 after a fault: ranges differ in length or are wrong. */
unsigned expand_command(const struct command *command, struct report *report);
/* The command at `index` of them, in the arena. */
struct command *expand_at(const struct command *command, unsigned index, struct arena *arena);
