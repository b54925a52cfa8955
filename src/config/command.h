/* SPDX-License-Identifier: Apache-2.0
 * command.h - one typed command, understood: verb, object type, arguments by place and by name.
 *
 * It is checked against the reference (and our own tables, which come first) but not against the
 * objects that exist. Everything in it lives in the arena it was parsed with.
 */
#pragma once

#include "base/arena.h"
#include "config/kind.h"
#include "config/lex.h"
#include "config/report.h"

#include <stdbool.h>

enum verb {
	VERB_ADD,
	VERB_SET,
	VERB_UNSET,
	VERB_RM,
	VERB_BIND,
	VERB_UNBIND,
	VERB_ENABLE,
	VERB_DISABLE,
	VERB_RENAME,
	VERB_CLEAR,
	VERB_LINK,
	VERB_UNLINK,
	VERB_SHOW,
	VERB_STAT,
	VERB_SAVE,
	VERB_EXIT, /* exit, quit, done */
	VERB_OTHER /* known, but nothing of a configuration: see verb_name */
};

/* -name word word */
struct argument {
	struct str name; /* as table or reference spell it, without the hyphen */
	int option;      /* index in kind->options; -1: known to the reference only */
	unsigned column; /* of the name */
	struct word *words;
	unsigned count;
};

struct command {
	enum verb verb;
	struct str verb_name;    /* "add" */
	struct str object;       /* "lb vserver", as the reference spells it */
	const struct kind *kind; /* NULL: known, but not supported */
	unsigned column;         /* of the object type */
	struct word *places;     /* arguments by place */
	unsigned place_count;
	struct argument *options; /* in the order typed */
	unsigned option_count;
};

enum command_result {
	COMMAND_OK,
	COMMAND_EMPTY, /* a blank line or a comment */
	COMMAND_BAD    /* the report says why */
};

enum command_result command_parse(struct str line, struct arena *arena, struct command *command,
				  struct report *report) MUST_USE;

/* Whether config_apply() is for it: it changes the configuration. */
bool command_is_change(const struct command *command);
/* The argument of that name (case does not matter), or NULL. */
const struct argument *command_option(const struct command *command, const char *name);
/* Where the value of that option of the kind was typed; 0 when it was not. */
unsigned command_column(const struct command *command, unsigned option);
/* Verb, object and arguments as they would be saved. */
void command_print(const struct command *command, struct text *text);
