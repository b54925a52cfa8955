/* SPDX-License-Identifier: Apache-2.0
 * str.h - a piece of text: where it starts and how long it is. Owns nothing, ends with no NUL.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *at; /* borrowed; may be NULL when length is 0 */
	size_t length;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
/* For printf("%.*s", STR_ARG(text)). */
#define STR_ARG(text) (int)(text).length, (text).at

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text != NULL ? strlen(text) : 0 };
}

static inline bool str_is_empty(struct str text)
{
	return text.length == 0;
}

static inline bool str_equal(struct str a, struct str b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* ASCII letters without regard to case; every other byte as it is. */
bool str_equal_nocase(struct str a, struct str b);
bool str_starts_nocase(struct str text, struct str start);
bool str_starts(struct str text, struct str start);

/* Without spaces and tabs at both ends. */
struct str str_trim(struct str text);

/* Decimal digits only, the whole text, at least one; false when it is none or above `most`. */
bool str_to_number(struct str text, uint64_t most, uint64_t *number) MUST_USE;

/* Damerau-Levenshtein distance without regard to case, for "did you mean"; texts are cut at 64
 * bytes. What is not below `enough` is found out early, and is some number from `enough` on. */
unsigned str_distance(struct str a, struct str b, unsigned enough);

/* A copy of the text that ends with NUL, from malloc: the caller frees it. Aborts without memory:
 * for the control plane only. */
char *str_dup(struct str text);
