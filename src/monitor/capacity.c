/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/capacity.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 1000000000, PERCENT_MOST = 100000 };

static const struct {
	const char *word;
	enum capacity_state state;
} states[] = {
	{ "up", CAPACITY_UP },       { "ready", CAPACITY_UP },          { "down", CAPACITY_DOWN },
	{ "failed", CAPACITY_DOWN }, { "stopped", CAPACITY_DOWN },      { "fail", CAPACITY_DOWN },
	{ "drain", CAPACITY_DRAIN }, { "maint", CAPACITY_MAINTENANCE },
};

static bool take_number(struct str word, bool *has, uint32_t *number, uint64_t most)
{
	uint64_t read;

	if (!str_to_number(word, most, &read))
		return false;
	*has = true;
	*number = (uint32_t)read;
	return true;
}

static bool take_word(struct str word, struct capacity *capacity)
{
	static const struct str maxconn = STR("maxconn:");

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!str_equal_nocase(word, str_of(states[i].word)))
			continue;
		capacity->state = states[i].state;
		return true;
	}
	if (word.at[word.length - 1] == '%')
		return take_number((struct str){ word.at, word.length - 1 }, &capacity->has_percent,
				   &capacity->percent, PERCENT_MOST);
	if (str_starts_nocase(word, maxconn)) {
		word.at += maxconn.length;
		word.length -= maxconn.length;
	}
	return take_number(word, &capacity->has_most, &capacity->most, MOST);
}

static bool is_number(struct str word)
{
	uint64_t number;

	return str_to_number(word, UINT64_MAX, &number);
}

static bool is_between(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',' || byte == '\r' || byte == '\n' ||
	       byte == '"';
}

/* The words that are not ours, and bare numbers, are counted. */
static bool parse(struct str text, struct capacity *capacity, unsigned *foreign)
{
	size_t at = 0;

	*capacity = (struct capacity){ 0 };
	*foreign = 0;
	while (at < text.length && text.at[at] != '#') {
		size_t start = at;

		if (is_between(text.at[at])) {
			at++;
			continue;
		}
		while (at < text.length && !is_between(text.at[at]) && text.at[at] != '#')
			at++;
		if (take_word((struct str){ text.at + start, at - start }, capacity))
			capacity->is_told = true;
		else
			(*foreign)++;
		*foreign += is_number((struct str){ text.at + start, at - start });
	}
	return capacity->is_told;
}

bool capacity_parse(struct str text, struct capacity *capacity)
{
	unsigned foreign;

	return parse(text, capacity, &foreign);
}

bool capacity_parse_strictly(struct str text, struct capacity *capacity)
{
	unsigned foreign;

	if (parse(text, capacity, &foreign) && foreign == 0)
		return true;
	*capacity = (struct capacity){ 0 };
	return false;
}

bool capacity_equal(const struct capacity *a, const struct capacity *b)
{
	return a->is_told == b->is_told && a->state == b->state && a->has_most == b->has_most &&
	       a->most == b->most && a->has_percent == b->has_percent && a->percent == b->percent;
}

int64_t capacity_limit(const struct capacity *capacity, uint32_t configured)
{
	int64_t limit = configured == 0 ? -1 : (int64_t)configured;

	if (!capacity->is_told)
		return limit;
	if (capacity->state >= CAPACITY_DRAIN || (capacity->has_percent && capacity->percent == 0))
		return 0;
	if (capacity->has_percent && capacity->percent < 100 && limit > 0)
		limit = limit * capacity->percent / 100 > 0 ? limit * capacity->percent / 100 : 1;
	if (capacity->has_most && (limit < 0 || limit > (int64_t)capacity->most))
		limit = (int64_t)capacity->most;
	return limit;
}

const char *capacity_print(const struct capacity *capacity, char text[CAPACITY_TEXT_MAX])
{
	static const char *const words[] = { [CAPACITY_AS_IS] = "",
					     [CAPACITY_UP] = "up",
					     [CAPACITY_DRAIN] = "drain",
					     [CAPACITY_DOWN] = "down",
					     [CAPACITY_MAINTENANCE] = "maint" };
	int length = 0;

	text[0] = '\0';
	if (capacity->is_told)
		length = snprintf(text, CAPACITY_TEXT_MAX, "%s", words[capacity->state]);
	if (capacity->is_told && capacity->has_percent)
		length += snprintf(text + length, CAPACITY_TEXT_MAX - (size_t)length, "%s%u%%",
				   length > 0 ? " " : "", capacity->percent);
	if (capacity->is_told && capacity->has_most)
		snprintf(text + length, CAPACITY_TEXT_MAX - (size_t)length, "%smaxconn:%u",
			 length > 0 ? " " : "", capacity->most);
	return text;
}
