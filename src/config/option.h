/* SPDX-License-Identifier: Apache-2.0
 * option.h - one setting of an object: a row that says all about it, and the value it has.
 *
 * Parser, checker, show, save, help and later the REST API read the same row. A value lives in
 * the object at the row's index, so the index is the field that the option sets.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct object;

enum option_type {
	OPTION_TEXT,
	OPTION_NUMBER,  /* with the unit "%" it may be typed with that sign */
	OPTION_AMOUNT,  /* a number, or a percentage 0..100 with its sign: see OPTION_PERCENT */
	OPTION_TIME,    /* a number with SEC, MSEC or MIN after it; held in milliseconds */
	OPTION_CHOICE,  /* one of `choices`; the number is its index */
	OPTION_ADDRESS, /* IPv4, IPv6 or *; held as text */
	OPTION_PORT,    /* 0..65535 or * (held as 0) */
	OPTION_LIST     /* words, held as text with a blank between: no word holds blanks */
};

/* Set in the number of an OPTION_AMOUNT that is a percentage. */
#define OPTION_PERCENT ((uint64_t)1 << 63)

struct choice {
	const char *name;    /* NULL ends the row of choices */
	const char *not_yet; /* kept but without effect so far: what happens instead. NULL: works */
};

struct option {
	const char *name; /* as the reference spells it, without the hyphen */
	enum option_type type;
	bool is_position;     /* typed by place, without its name: see kind_place() */
	bool is_optional;     /* of a position */
	bool is_once;         /* given by add only: set refuses it */
	bool is_secret;       /* `show` tells only that it is set; a file has it */
	bool is_ours;         /* an addition of Spillway: the reference does not know it */
	unsigned follower;    /* index of the option that one more bare word sets; 0: none */
	uint64_t least, most; /* of a number or of milliseconds */
	const struct choice *choices; /* of OPTION_CHOICE */
	const char *standard;         /* the default as text; NULL: unset, or standard_of says */
	const char *(*standard_of)(const struct object *object); /* the default depends on it */
	const char *unit;    /* "s", "ms", "kbit/s", ... or NULL */
	const char *help;    /* one line */
	const char *since;   /* version of Spillway */
	const char *not_yet; /* the whole option is kept without effect so far; NULL: works */
};

/* The name of what is there once: nobody types it. */
#define OPTION_NAMELESS                                                                            \
	{                                                                                          \
		.name = "", .type = OPTION_TEXT, .is_position = true, .is_optional = true,         \
		.is_once = true, .help = "", .since = "0.1"                                        \
	}

struct value {
	bool is_set;
	uint64_t number; /* of every type but TEXT, ADDRESS and LIST */
	char *text;      /* owned; of TEXT, ADDRESS and LIST */
};

/* False with what is wrong, in words, in `why`. The old value stays then. `unit` may be
 * empty; only OPTION_TIME takes one. */
bool option_parse(const struct option *option, struct str word, struct str unit,
		  struct value *value, struct text *why) MUST_USE;
/* Without quotes; nothing when it is not set. A time is printed with its unit unless seconds. */
void option_print(const struct option *option, const struct value *value, struct text *text);
bool option_same(const struct option *option, const struct value *a, const struct value *b);

void option_value_copy(struct value *to,
		       const struct value *from); /* `to` is overwritten unfreed */
void option_value_free(struct value *value);      /* unset afterwards */

/* Common rows of choices. */
extern const struct choice option_enabled_disabled[]; /* 0 ENABLED, 1 DISABLED */
extern const struct choice option_yes_no[];           /* 0 YES, 1 NO */
extern const struct choice option_on_off[];           /* 0 ON, 1 OFF */
enum { OPTION_FIRST, OPTION_SECOND };                 /* ENABLED, YES, ON; DISABLED, NO, OFF */
