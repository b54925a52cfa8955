/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/ldap_filter.h"

#include <string.h>

enum {
	FILTER_AND = 0xa0,
	FILTER_OR = 0xa1,
	FILTER_NOT = 0xa2,
	FILTER_EQUAL = 0xa3,
	FILTER_SUBSTRINGS = 0xa4,
	FILTER_GREATER = 0xa5,
	FILTER_LESS = 0xa6,
	FILTER_PRESENT = 0x87,
	FILTER_APPROXIMATE = 0xa8,
	SUBSTRING_FIRST = 0x80,
	SUBSTRING_ANY = 0x81,
	SUBSTRING_LAST = 0x82
};
enum { DEPTH_MAX = 8, PARTS_MAX = 16, VALUE_MAX = 512 };

/* --- one comparison --------------------------------------------------------------------------- */

/* -1: it is none. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \2a is an asterisk (RFC 4515, 3). */
static bool put_value(struct ber_writer *writer, unsigned tag, struct str text)
{
	char value[VALUE_MAX];
	size_t length = 0;

	if (text.length > sizeof(value))
		return false;
	for (size_t at = 0; at < text.length; at++) {
		int high, low;

		value[length++] = text.at[at];
		if (text.at[at] != '\\')
			continue;
		high = at + 2 < text.length ? hex_digit(text.at[at + 1]) : -1;
		low = high >= 0 ? hex_digit(text.at[at + 2]) : -1;
		if (low < 0)
			return false;
		value[length - 1] = (char)(high * 16 + low);
		at += 2;
	}
	ber_put(writer, tag, value, length);
	return true;
}

/* What stands behind the last asterisk, then between two of them, then before the first: it is
 * written from the end. */
static bool put_substrings(struct ber_writer *writer, struct str name, struct str value)
{
	size_t end = writer->at;
	unsigned tag = SUBSTRING_LAST;
	const char *star;

	while ((star = memrchr(value.at, '*', value.length)) != NULL) {
		size_t before = (size_t)(star - value.at);
		struct str piece = { star + 1, value.length - before - 1 };

		if (piece.length > 0 && !put_value(writer, tag, piece))
			return false;
		tag = SUBSTRING_ANY;
		value.length = before;
	}
	if (value.length > 0 && !put_value(writer, SUBSTRING_FIRST, value))
		return false;
	if (writer->at == end)
		return false; /* nothing but asterisks */
	ber_wrap(writer, BER_SEQUENCE, end);
	ber_put(writer, BER_OCTETS, name.at, name.length);
	ber_wrap(writer, FILTER_SUBSTRINGS, end);
	return true;
}

/* By the character before the equals sign, which is not of the name then. */
static unsigned comparison(struct str *name)
{
	static const struct {
		char before;
		unsigned tag;
	} rows[] = { { '>', FILTER_GREATER }, { '<', FILTER_LESS }, { '~', FILTER_APPROXIMATE } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (name->length > 0 && name->at[name->length - 1] == rows[i].before) {
			name->length--;
			return rows[i].tag;
		}
	return FILTER_EQUAL;
}

/* RFC 4512, 2.5: letters, digits, hyphens, dots of a number, semicolons before options. */
static bool is_name(struct str name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-.;_";

	for (size_t i = 0; i < name.length; i++)
		if (name.at[i] == '\0' || strchr(good, name.at[i]) == NULL)
			return false;
	return name.length > 0;
}

static bool put_comparison(struct ber_writer *writer, struct str item)
{
	const char *equals = memchr(item.at, '=', item.length);
	size_t end = writer->at;
	struct str name, value;
	unsigned tag;

	if (equals == NULL || memchr(item.at, '(', item.length) != NULL ||
	    memchr(item.at, ')', item.length) != NULL)
		return false;
	name = (struct str){ item.at, (size_t)(equals - item.at) };
	value = (struct str){ equals + 1, item.length - name.length - 1 };
	tag = comparison(&name);
	if (!is_name(name))
		return false;
	if (tag == FILTER_EQUAL && str_equal(value, STR("*"))) {
		ber_put(writer, FILTER_PRESENT, name.at, name.length);
		return true;
	}
	if (tag == FILTER_EQUAL && memchr(value.at, '*', value.length) != NULL)
		return put_substrings(writer, name, value);
	if (!put_value(writer, BER_OCTETS, value))
		return false;
	ber_put(writer, BER_OCTETS, name.at, name.length);
	ber_wrap(writer, tag, end);
	return true;
}

/* --- several ---------------------------------------------------------------------------------- */

static bool put_part(struct ber_writer *writer, struct str part, unsigned depth);

/* How long the filter in parentheses at the beginning is; 0: there is none. */
static size_t part_length(struct str text)
{
	unsigned open = 0;

	for (size_t at = 0; at < text.length; at++) {
		open += text.at[at] == '(';
		if (open == 0)
			return 0;
		if (text.at[at] == ')' && --open == 0)
			return at + 1;
	}
	return 0;
}

/* From the last part to the first. */
static bool put_list(struct ber_writer *writer, unsigned tag, struct str list, unsigned depth)
{
	struct str parts[PARTS_MAX];
	size_t end = writer->at;
	unsigned count = 0;

	while (list.length > 0) {
		size_t length = part_length(list);

		if (length == 0 || count == PARTS_MAX)
			return false;
		parts[count++] = (struct str){ list.at, length };
		list = (struct str){ list.at + length, list.length - length };
	}
	if (count == 0 || (tag == FILTER_NOT && count > 1))
		return false;
	while (count-- > 0)
		if (!put_part(writer, parts[count], depth + 1))
			return false;
	ber_wrap(writer, tag, end);
	return true;
}

/* In parentheses. */
static bool put_part(struct ber_writer *writer, struct str part, unsigned depth)
{
	struct str inside = { part.at + 1, part.length - 2 };
	struct str rest = { part.at + 2, part.length - 3 };

	if (depth > DEPTH_MAX || part.length < 3 || part_length(part) != part.length)
		return false;
	switch (inside.at[0]) {
	case '&':
		return put_list(writer, FILTER_AND, rest, depth);
	case '|':
		return put_list(writer, FILTER_OR, rest, depth);
	case '!':
		return put_list(writer, FILTER_NOT, rest, depth);
	default:
		return put_comparison(writer, inside);
	}
}

bool ldap_filter_put(struct ber_writer *writer, struct str filter)
{
	if (filter.length == 0)
		filter = STR("(objectClass=*)");
	if (filter.at[0] != '(')
		return put_comparison(writer, filter);
	return put_part(writer, filter, 1);
}

bool ldap_filter_is_good(struct str filter)
{
	struct ber_writer writer;

	ber_begin(&writer);
	return ldap_filter_put(&writer, filter) && !writer.is_full;
}
