/* SPDX-License-Identifier: Apache-2.0
 * lex.h - one line of a command to its words, and words back to text.
 *
 * Words are parted by blanks. "..." and '...' protect blanks; inside them and in plain words \" \\
 * \' \t \n \r \xHH are escapes and any other backslash stays as it is (regular expressions are full
 * of them). q and a delimiter that no name holds (q/.../, q{...}, q~...~) takes everything as it
 * is; brackets nest. A plain word that starts with # ends the line.
 */
#pragma once

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"
#include "base/text.h"

#include <stdbool.h>

enum { LEX_LINE_MAX = 65536, LEX_WORDS_MAX = 1024 };

struct word {
	struct str text;
	unsigned column;  /* of its first byte, from 1 */
	bool is_quoted;   /* never an option, never a range */
	bool takes_range; /* command.c says so: web[1-3] here stands for three */
};

struct words {
	struct word *at; /* in the arena */
	unsigned count;
};

struct lex_fault {
	unsigned column;
	const char *why; /* static */
};

/* False on a fault. The texts live in the arena. */
bool lex_line(struct str line, struct arena *arena, struct words *words,
	      struct lex_fault *fault) MUST_USE;

/* Whether lex_line() takes a line of that length and number of words. */
bool lex_fits(struct str line) MUST_USE;

/* The word as it must be typed to be read again, quoted only when it has to be. */
void lex_quote(struct text *text, struct str word);
