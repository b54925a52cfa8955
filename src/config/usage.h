/* SPDX-License-Identifier: Apache-2.0
 * usage.h - a synopsis understood: how many arguments by place, which by name, how many words each
 * takes. It is looser than the synopsis: which of them exclude one another is not looked at.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <limits.h>
#include <stdbool.h>

#define USAGE_MANY UINT_MAX

struct usage_place {
	struct str name;
	struct str values; /* "A | B" as in the synopsis; empty: see the reference's argument */
	bool is_uncertain; /* something else may stand at this place as well */
	bool takes_range;
	bool is_number; /* <positive_integer> and its like */
};

enum { USAGE_WORDS_MAX = 4, USAGE_PLACES_MAX = 24 };

struct usage_option {
	struct str name;
	unsigned least, most;                      /* words behind it; most may be USAGE_MANY */
	struct usage_place words[USAGE_WORDS_MAX]; /* what is told of the first of them */
	bool is_needed;                            /* outside of all brackets */
	bool is_secret; /* {-password }: saved configurations have it without its name */
};

struct usage {
	struct usage_place places[USAGE_PLACES_MAX];
	unsigned place_least, place_most;
	struct usage_option *options; /* in the arena */
	unsigned option_count;
};

/* Never fails: what cannot be understood is passed over. */
struct usage *usage_parse(struct str synopsis, struct arena *arena);
/* Of further options, into a usage that is there. */
void usage_add(struct usage *usage, struct str synopsis, struct arena *arena);
const struct usage_option *usage_option(const struct usage *usage, struct str name);

/* Nothing is told about it: it lies behind those of the synopsis. */
static inline bool usage_place_is_unknown(const struct usage_place *place)
{
	return place->name.length == 0 && place->values.length == 0 && !place->is_uncertain;
}
