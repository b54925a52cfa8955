/* SPDX-License-Identifier: Apache-2.0
 * lexeme.h - an expression to its smallest parts.
 *
 * Texts stand in "..." and know \" \\ \' \n \r \t and \xHH; any other backslash is a fault, so that
 * a later meaning breaks nothing. Addresses are parts only where one is expected, see
 * lexeme_address().
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum lexeme_kind {
	LEXEME_END,
	LEXEME_NAME,   /* letters, digits and _; no digit first */
	LEXEME_NUMBER, /* decimal digits */
	LEXEME_TEXT,   /* with its quotes, as it is written */
	LEXEME_SIGN,   /* one of . , ( ) ! && || == != < <= > >= + - * / % */
	LEXEME_BAD     /* see `why` */
};

struct lexeme {
	enum lexeme_kind kind;
	struct str text;
	size_t at;       /* of its first byte in the expression */
	uint64_t number; /* of a number */
	const char *why; /* static; of a bad one */
};

/* The one that begins at `at` or, behind blanks, later. */
struct lexeme lexeme_next(struct str expression, size_t at);
/* The longest run of characters of addresses at `at`: 10.0.0.0/8, fe80::1 */
struct str lexeme_address(struct str expression, size_t at);
/* What stands between the quotes of a good text into `out`; returns how many bytes, at most
 * text.length - 2. */
size_t lexeme_unescape(struct str text, char *out);
static inline bool lexeme_is(const struct lexeme *lexeme, const char *sign)
{
	return lexeme->kind == LEXEME_SIGN && str_equal(lexeme->text, str_of(sign));
}
