/* SPDX-License-Identifier: Apache-2.0 */
#include "config/option.h"
#include "base/address.h"

#include <inttypes.h>
#include <stdlib.h>

const struct choice option_enabled_disabled[] = { { "ENABLED", NULL },
						  { "DISABLED", NULL },
						  { NULL, NULL } };
const struct choice option_yes_no[] = { { "YES", NULL }, { "NO", NULL }, { NULL, NULL } };
const struct choice option_on_off[] = { { "ON", NULL }, { "OFF", NULL }, { NULL, NULL } };

static void print_choices(const struct option *option, struct text *text)
{
	for (const struct choice *choice = option->choices; choice->name != NULL; choice++)
		text_print(text, "%s%s", choice == option->choices ? "" : ", ", choice->name);
}

static const struct choice *nearest(const struct option *option, struct str word)
{
	const struct choice *best = NULL;
	unsigned least = 3;

	for (const struct choice *choice = option->choices; choice->name != NULL; choice++) {
		unsigned distance = str_distance(word, str_of(choice->name), least);

		if (distance < least && distance * 3 <= word.length + 2) {
			least = distance;
			best = choice;
		}
	}
	return best;
}

static bool parse_choice(const struct option *option, struct str word, uint64_t *number,
			 struct text *why)
{
	const struct choice *best;

	for (unsigned i = 0; option->choices[i].name != NULL; i++) {
		if (str_equal_nocase(word, str_of(option->choices[i].name))) {
			*number = i;
			return true;
		}
	}
	best = nearest(option, word);
	text_print(why, "%.*s is no %s: ", STR_ARG(word), option->name);
	if (best != NULL)
		text_print(why, "did you mean %s? ", best->name);
	text_add(why, STR("One of "));
	print_choices(option, why);
	return false;
}

static bool cut_percent(struct str *word)
{
	if (word->length < 2 || word->at[word->length - 1] != '%')
		return false;
	word->length--;
	return true;
}

static bool parse_number(const struct option *option, struct str typed, uint64_t *number,
			 struct text *why)
{
	struct str word = typed;

	if (option->unit != NULL && option->unit[0] == '%')
		(void)cut_percent(&word);
	if (str_to_number(word, UINT64_MAX, number) && *number >= option->least &&
	    *number <= option->most)
		return true;
	text_print(why, "%.*s is out of range for %s: %" PRIu64 " to %" PRIu64, STR_ARG(typed),
		   option->name, option->least, option->most);
	return false;
}

static bool parse_amount(const struct option *option, struct str typed, uint64_t *number,
			 struct text *why)
{
	struct str word = typed;
	bool is_percent = cut_percent(&word);
	uint64_t most = is_percent ? 100 : option->most;

	if (str_to_number(word, most, number) && (is_percent || *number >= option->least)) {
		*number |= is_percent ? OPTION_PERCENT : 0;
		return true;
	}
	text_print(why, "%.*s is out of range for %s: %" PRIu64 " to %" PRIu64 ", or 0%% to 100%%",
		   STR_ARG(typed), option->name, option->least, option->most);
	return false;
}

static unsigned scale_of(struct str unit)
{
	if (str_is_empty(unit) || str_equal_nocase(unit, STR("SEC")))
		return 1000;
	if (str_equal_nocase(unit, STR("MSEC")))
		return 1;
	return str_equal_nocase(unit, STR("MIN")) ? 60000 : 0;
}

static bool parse_time(const struct option *option, struct str word, struct str unit,
		       uint64_t *number, struct text *why)
{
	unsigned scale = scale_of(unit);
	uint64_t plain;

	if (scale == 0) {
		text_print(why, "%.*s is no unit of time: SEC, MSEC or MIN", STR_ARG(unit));
		return false;
	}
	if (str_to_number(word, UINT64_MAX / 60000, &plain) && plain * scale >= option->least &&
	    plain * scale <= option->most) {
		*number = plain * scale;
		return true;
	}
	text_print(why, "%.*s is out of range for %s: %" PRIu64 " ms to %" PRIu64 " s",
		   STR_ARG(word), option->name, option->least, option->most / 1000);
	return false;
}

static bool parse_address(const struct option *option, struct str word, struct text *why)
{
	struct address address;

	if (str_equal(word, STR("*")) || address_parse(word, 0, &address))
		return true;
	text_print(why, "%.*s is no %s: an IPv4 or IPv6 address", STR_ARG(word), option->name);
	return false;
}

static bool parse_words(const struct option *option, struct str word, struct text *why)
{
	if (word.length <= 32768)
		return true;
	text_print(why, "%s is too long", option->name);
	return false;
}

static bool has_text(const struct option *option)
{
	return option->type == OPTION_TEXT || option->type == OPTION_ADDRESS ||
	       option->type == OPTION_LIST;
}

static bool parse(const struct option *option, struct str word, struct str unit, uint64_t *number,
		  struct text *why)
{
	switch (option->type) {
	case OPTION_NUMBER:
		return parse_number(option, word, number, why);
	case OPTION_AMOUNT:
		return parse_amount(option, word, number, why);
	case OPTION_TIME:
		return parse_time(option, word, unit, number, why);
	case OPTION_CHOICE:
		return parse_choice(option, word, number, why);
	case OPTION_PORT:
		*number = 0;
		return str_equal(word, STR("*")) || parse_number(option, word, number, why);
	case OPTION_ADDRESS:
		return parse_address(option, word, why);
	case OPTION_TEXT:
	case OPTION_LIST:
		return parse_words(option, word, why);
	}
	must_not_reach();
}

bool option_parse(const struct option *option, struct str word, struct str unit,
		  struct value *value, struct text *why)
{
	uint64_t number = 0;

	if (!parse(option, word, unit, &number, why))
		return false;
	free(value->text);
	*value = (struct value){ true, number, has_text(option) ? str_dup(word) : NULL };
	return true;
}

static void print_time(uint64_t ms, struct text *text)
{
	if (ms % 1000 == 0)
		text_print(text, "%" PRIu64, ms / 1000);
	else
		text_print(text, "%" PRIu64 " MSEC", ms);
}

void option_print(const struct option *option, const struct value *value, struct text *text)
{
	if (!value->is_set)
		return;
	switch (option->type) {
	case OPTION_NUMBER:
	case OPTION_PORT:
		text_print(text, "%" PRIu64, value->number);
		return;
	case OPTION_AMOUNT:
		text_print(text, "%" PRIu64 "%s", value->number & ~OPTION_PERCENT,
			   value->number & OPTION_PERCENT ? "%" : "");
		return;
	case OPTION_TIME:
		print_time(value->number, text);
		return;
	case OPTION_CHOICE:
		text_add(text, str_of(option->choices[value->number].name));
		return;
	case OPTION_TEXT:
	case OPTION_ADDRESS:
	case OPTION_LIST:
		text_add(text, str_of(value->text));
		return;
	}
	must_not_reach();
}

bool option_same(const struct option *option, const struct value *a, const struct value *b)
{
	if (a->is_set != b->is_set || !a->is_set)
		return a->is_set == b->is_set;
	if (has_text(option))
		return strcmp(a->text, b->text) == 0;
	return a->number == b->number;
}

void option_value_copy(struct value *to, const struct value *from)
{
	*to = *from;
	if (from->text != NULL)
		to->text = str_dup(str_of(from->text));
}

void option_value_free(struct value *value)
{
	free(value->text);
	*value = (struct value){ 0 };
}
