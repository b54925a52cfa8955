/* SPDX-License-Identifier: Apache-2.0
 * complete.h - what may stand at the end of a command that is only partly typed.
 *
 * It reads the same tables as the parser: verbs and objects of the reference, options of the kinds.
 * Pure: the names of what exists come from the caller. Texts live in the arena, or are those of the
 * caller or of the tables.
 */
#pragma once

#include "base/arena.h"
#include "config/kind.h"

#include <stdbool.h>

enum { COMPLETE_MAX = 256, COMPLETE_LINE_MAX = 4096 };

struct complete_item {
	struct str text; /* the whole word, as it is typed */
	struct str help; /* one line; may be empty */
};

struct complete {
	struct str word; /* what is typed of the last word; empty: a new one begins */
	struct complete_item items[COMPLETE_MAX];
	unsigned count;
	bool is_cut;     /* there are more */
	struct str hint; /* what is meant, where it cannot be listed; empty: nothing to tell */
};

/* The names of a kind, as they are typed (quoted where they must be); how many there are. */
struct complete_names {
	void *context;
	unsigned (*of)(void *context, enum kind_id kind, const struct str **names);
};

/* The cursor is at the end of `line`. Nothing is offered where the line is wrong, inside of quotes
 * and behind a comment. */
void complete_line(struct str line, const struct complete_names *names, struct arena *arena,
		   struct complete *complete);
/* How many bytes all items have in common, without regard to case. */
size_t complete_common(const struct complete *complete);
