/* SPDX-License-Identifier: Apache-2.0
 * reference.h - the commands that operators know from their appliances: what exists, what each
 * takes. The text is reference.txt, part of the binary; it is cut into commands at the first use,
 * and a command into its arguments when it is asked for first. Owner: the one thread that asks
 * (control, or a program that checks a file).
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "config/lex.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usage;

struct reference {
	struct str verb, object; /* as spelled there; object is empty for "batch" and its like */
	struct str synopsis;     /* behind verb and object */
	struct str more;         /* options that newer versions have; empty: none */
	struct str arguments;    /* lines of what the arguments may be; see reference_argument() */
};

struct reference_argument {
	struct str name;
	struct str values; /* A|B|C; empty: any */
	bool has_least, has_most;
	int64_t least, most;
	struct str standard; /* the default as written there; empty: none is told */
};

size_t reference_count(void);
const struct reference *reference_at(size_t index);

/* A verb by its name or an unambiguous beginning; empty when there is none or more than one:
 * `others` then says which ("set, show"), or which is nearest. */
struct str reference_verb(struct str word, struct text *others);

/* The command of `verb` whose object the first words name; *used becomes how many. NULL: none or
 * ambiguous, `others` as above. "ns" before an object may be left out or be too much. */
const struct reference *reference_find(struct str verb, const struct word *words, unsigned count,
				       unsigned *used, struct text *others);
/* Exactly this one; case does not matter. NULL: none. */
const struct reference *reference_get(struct str verb, struct str object);

/* What the synopsis and the newer options say, understood at the first call and kept. */
const struct usage *reference_usage(const struct reference *reference);

/* False when nothing more is told about the argument than that it is there. */
bool reference_argument(const struct reference *reference, struct str name,
			struct reference_argument *argument);
/* Whether `word` is one of A|B|C; case does not matter. */
bool reference_has_value(struct str values, struct str word);
