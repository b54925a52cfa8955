/* SPDX-License-Identifier: Apache-2.0 */
#include "config/expand.h"

#include <inttypes.h>

struct range {
	struct str before, after;
	uint64_t low, high;
	int width; /* of the first number, when it starts with 0; else 0 */
};

static bool find_range(struct str text, struct range *range)
{
	const char *open = memchr(text.at, '[', text.length);
	const char *end = text.at + text.length;
	const char *close = open != NULL ? memchr(open, ']', (size_t)(end - open)) : NULL;
	const char *hyphen = close != NULL ? memchr(open, '-', (size_t)(close - open)) : NULL;
	struct str low, high;

	if (hyphen == NULL)
		return false;
	low = (struct str){ open + 1, (size_t)(hyphen - open - 1) };
	high = (struct str){ hyphen + 1, (size_t)(close - hyphen - 1) };
	range->before = (struct str){ text.at, (size_t)(open - text.at) };
	range->after = (struct str){ close + 1, (size_t)(end - close - 1) };
	range->width = low.length > 1 && low.length < 9 && low.at[0] == '0' ? (int)low.length : 0;
	return str_to_number(low, UINT32_MAX, &range->low) &&
	       str_to_number(high, UINT32_MAX, &range->high);
}

bool expand_is_range(struct str text)
{
	struct range range;

	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] <= ' ' || strchr("\"'\\#\x7f", text.at[i]) != NULL)
			return false;
	return text.length > 0 && text.at[0] != '-' && text.at[0] != 'q' &&
	       find_range(text, &range);
}

unsigned expand_count(struct str text)
{
	struct range range;

	if (text.length == 0 || !find_range(text, &range))
		return 1;
	if (range.high < range.low || range.high - range.low >= EXPAND_MAX)
		return 0;
	return (unsigned)(range.high - range.low) + 1;
}

struct str expand_word(struct str text, unsigned index, struct arena *arena)
{
	struct range range;

	if (text.length == 0 || !find_range(text, &range))
		return text;
	return arena_print(arena, "%.*s%0*" PRIu64 "%.*s", STR_ARG(range.before), range.width,
			   range.low + index, STR_ARG(range.after));
}

static bool count_word(const struct word *word, unsigned *count, struct report *report)
{
	unsigned here = word->takes_range ? expand_count(word->text) : 1;

	if (here == 0) {
		report_fault(report, word->column,
			     "%.*s is no range: from a number to one that is not below it, at "
			     "most %d",
			     STR_ARG(word->text), EXPAND_MAX);
		return false;
	}
	if (here == 1 || *count == 1 || here == *count) {
		*count = here > 1 ? here : *count;
		return true;
	}
	report_fault(report, word->column, "%.*s stands for %u, another range for %u",
		     STR_ARG(word->text), here, *count);
	return false;
}

unsigned expand_command(const struct command *command, struct report *report)
{
	unsigned count = 1;

	for (unsigned i = 0; i < command->place_count; i++)
		if (!count_word(&command->places[i], &count, report))
			return 0;
	for (unsigned i = 0; i < command->option_count; i++)
		for (unsigned j = 0; j < command->options[i].count; j++)
			if (!count_word(&command->options[i].words[j], &count, report))
				return 0;
	return count;
}

static struct word *expand_words(const struct word *words, unsigned count, unsigned index,
				 struct arena *arena)
{
	struct word *all = arena_many(arena, struct word, count + 1);

	for (unsigned i = 0; i < count; i++) {
		all[i] = words[i];
		if (words[i].takes_range)
			all[i].text = expand_word(words[i].text, index, arena);
		all[i].takes_range = false;
	}
	return all;
}

struct command *expand_at(const struct command *command, unsigned index, struct arena *arena)
{
	struct command *one = arena_one(arena, struct command);

	*one = *command;
	one->places = expand_words(command->places, command->place_count, index, arena);
	one->options = arena_many(arena, struct argument, command->option_count + 1);
	for (unsigned i = 0; i < command->option_count; i++) {
		one->options[i] = command->options[i];
		one->options[i].words = expand_words(command->options[i].words,
						     command->options[i].count, index, arena);
	}
	return one;
}
