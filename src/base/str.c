/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "base/heap.h"

#include <stdlib.h>
#include <strings.h>

static unsigned char lower(char letter)
{
	unsigned char byte = (unsigned char)letter;

	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

static bool same_nocase(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool str_equal_nocase(struct str a, struct str b)
{
	return a.length == b.length && same_nocase(a.at, b.at, a.length);
}

bool str_starts_nocase(struct str text, struct str start)
{
	return text.length >= start.length && same_nocase(text.at, start.at, start.length);
}

bool str_starts(struct str text, struct str start)
{
	return text.length >= start.length &&
	       str_equal((struct str){ text.at, start.length }, start);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct str str_trim(struct str text)
{
	while (text.length > 0 && is_blank(text.at[0])) {
		text.at++;
		text.length--;
	}
	while (text.length > 0 && is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

enum { DIGITS_SAFE = 19 }; /* 10^19 - 1 is below 2^64 */

static bool short_to_number(struct str text, uint64_t most, uint64_t *number)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned digit = (unsigned)((unsigned char)text.at[i] - '0');

		if (digit > 9)
			return false;
		sum = sum * 10 + digit;
	}
	if (sum > most)
		return false;
	*number = sum;
	return true;
}

bool str_to_number(struct str text, uint64_t most, uint64_t *number)
{
	uint64_t sum = 0;

	if (text.length == 0)
		return false;
	if (LIKELY(text.length <= DIGITS_SAFE))
		return short_to_number(text, most, number);
	for (size_t i = 0; i < text.length; i++) {
		unsigned digit = (unsigned)((unsigned char)text.at[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum) || sum > most)
			return false;
	}
	*number = sum;
	return true;
}

enum { DISTANCE_MAX = 64 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment (Boytsov 2011, 2.1): three rows of the usual table. */
unsigned str_distance(struct str a, struct str b, unsigned enough)
{
	unsigned rows[3][DISTANCE_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	size_t m = a.length < DISTANCE_MAX ? a.length : DISTANCE_MAX;
	size_t n = b.length < DISTANCE_MAX ? b.length : DISTANCE_MAX;

	if ((m > n ? m - n : n - m) >= enough)
		return enough;
	for (size_t j = 0; j <= n; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			bool differs = lower(a.at[i - 1]) != lower(b.at[j - 1]);

			row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + differs);
			if (i > 1 && j > 1 && lower(a.at[i - 1]) == lower(b.at[j - 2]) &&
			    lower(a.at[i - 2]) == lower(b.at[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[n];
}

char *str_dup(struct str text)
{
	char *copy = heap_resized(NULL, text.length + 1);

	must(copy != NULL);
	if (text.length > 0)
		memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return copy;
}
