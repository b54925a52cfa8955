/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lexeme.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static unsigned hex_value(char c)
{
	return is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static struct lexeme bad(struct lexeme lexeme, const char *why)
{
	lexeme.kind = LEXEME_BAD;
	lexeme.why = why;
	return lexeme;
}

/* How long the escape at the backslash is; 0: it is none. */
static size_t escape_length(struct str rest)
{
	if (rest.length >= 4 && rest.at[1] == 'x' && is_hex(rest.at[2]) && is_hex(rest.at[3]))
		return 4;
	return rest.length >= 2 && strchr("\"\\'nrt", rest.at[1]) != NULL && rest.at[1] != '\0' ? 2
												: 0;
}

static struct lexeme take_text(struct lexeme lexeme, struct str rest)
{
	size_t at = 1;

	lexeme.kind = LEXEME_TEXT;
	while (at < rest.length && rest.at[at] != '"') {
		size_t length = 1;

		if (rest.at[at] == '\\')
			length = escape_length((struct str){ rest.at + at, rest.length - at });
		if (length == 0)
			return bad(lexeme, "a backslash in a text is followed by \" \\ ' n r t or "
					   "xHH");
		at += length;
	}
	if (at >= rest.length)
		return bad(lexeme, "the text has no closing quote");
	lexeme.text = (struct str){ rest.at, at + 1 };
	return lexeme;
}

static struct lexeme take_number(struct lexeme lexeme, struct str rest)
{
	size_t at = 0;

	lexeme.kind = LEXEME_NUMBER;
	while (at < rest.length && is_digit(rest.at[at]))
		at++;
	lexeme.text = (struct str){ rest.at, at };
	if (!str_to_number(lexeme.text, INT64_MAX, &lexeme.number))
		return bad(lexeme, "the number is above 9223372036854775807");
	if (at < rest.length && is_letter(rest.at[at]))
		return bad(lexeme, "letters behind a number");
	return lexeme;
}

static struct lexeme take_name(struct lexeme lexeme, struct str rest)
{
	size_t at = 0;

	lexeme.kind = LEXEME_NAME;
	while (at < rest.length && (is_letter(rest.at[at]) || is_digit(rest.at[at])))
		at++;
	lexeme.text = (struct str){ rest.at, at };
	return lexeme;
}

static struct lexeme take_sign(struct lexeme lexeme, struct str rest)
{
	static const char *const signs[] = { "&&", "||", "==", "!=", "<=", ">=", ".", ",", "(",
					     ")",  "!",  "<",  ">",  "+",  "-",  "*", "/", "%" };

	lexeme.kind = LEXEME_SIGN;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!str_starts(rest, str_of(signs[i])))
			continue;
		lexeme.text = (struct str){ rest.at, strlen(signs[i]) };
		return lexeme;
	}
	lexeme.text = (struct str){ rest.at, 1 };
	if (rest.at[0] == '=')
		return bad(lexeme, "= is no comparison: write == or EQ()");
	if (rest.at[0] == '&' || rest.at[0] == '|')
		return bad(lexeme, "and is &&, or is ||");
	if (rest.at[0] == '\'')
		return bad(lexeme, "texts stand in double quotes");
	return bad(lexeme, "this character means nothing here");
}

struct lexeme lexeme_next(struct str expression, size_t at)
{
	struct lexeme lexeme = { .kind = LEXEME_END };
	struct str rest;

	while (at < expression.length && strchr(" \t\r\n", expression.at[at]) != NULL &&
	       expression.at[at] != '\0')
		at++;
	lexeme.at = at;
	rest = (struct str){ expression.at + at, expression.length - at };
	if (rest.length == 0)
		return lexeme;
	if (rest.at[0] == '"')
		return take_text(lexeme, rest);
	if (is_digit(rest.at[0]))
		return take_number(lexeme, rest);
	return is_letter(rest.at[0]) ? take_name(lexeme, rest) : take_sign(lexeme, rest);
}

struct str lexeme_address(struct str expression, size_t at)
{
	struct str rest = { expression.at + at, 0 };

	while (at + rest.length < expression.length) {
		char c = rest.at[rest.length];

		if (!is_hex(c) && c != '.' && c != ':' && c != '/')
			break;
		rest.length++;
	}
	return rest;
}

size_t lexeme_unescape(struct str text, char *out)
{
	static const char from[] = "nrt", to[] = "\n\r\t";
	size_t length = 0;

	for (size_t at = 1; at + 1 < text.length; at++) {
		const char *found;

		if (text.at[at] != '\\') {
			out[length++] = text.at[at];
			continue;
		}
		at++;
		found = strchr(from, text.at[at]);
		if (text.at[at] == 'x') {
			out[length++] = (char)(hex_value(text.at[at + 1]) * 16 +
					       hex_value(text.at[at + 2]));
			at += 2;
		} else {
			out[length++] = found != NULL ? to[found - from] : text.at[at];
		}
	}
	return length;
}
