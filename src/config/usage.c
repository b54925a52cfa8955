/* SPDX-License-Identifier: Apache-2.0 */
#include "config/usage.h"

enum token {
	TOKEN_END,
	TOKEN_OPEN,  /* [ */
	TOKEN_CLOSE, /* ] ) } */
	TOKEN_GROUP, /* ( { */
	TOKEN_OR,
	TOKEN_MORE, /* ... */
	TOKEN_ARGUMENT,
	TOKEN_OPTION,
	TOKEN_WORD
};

struct parser {
	const char *start;
	struct str rest;
	enum token token;
	struct str text; /* of the token: without < > @ and hyphen */
	bool has_at;
	struct usage *usage;
	unsigned option_room;
	unsigned depth; /* of brackets and groups */
};

/* How many places a piece of a synopsis takes. */
struct bounds {
	unsigned least, most;
};

static bool is_end(char byte)
{
	return strchr(" \t[](){}|<@", byte) != NULL;
}

static struct str cut(struct parser *in, size_t length)
{
	struct str text = { in->rest.at, length };

	in->rest.at += length;
	in->rest.length -= length;
	return text;
}

static void read_argument(struct parser *in)
{
	const char *end = memchr(in->rest.at, '>', in->rest.length);
	size_t length = end != NULL ? (size_t)(end - in->rest.at) + 1 : in->rest.length;
	struct str text = cut(in, length);

	in->token = TOKEN_ARGUMENT;
	in->text = (struct str){ text.at + 1, text.length - 1 - (end != NULL) };
}

static void read_word(struct parser *in)
{
	size_t length = 1;
	bool is_option = in->rest.at[0] == '-';

	while (length < in->rest.length && !is_end(in->rest.at[length]))
		length++;
	in->text = cut(in, length);
	if (str_equal(in->text, STR("..."))) {
		in->token = TOKEN_MORE;
		return;
	}
	in->token = is_option ? TOKEN_OPTION : TOKEN_WORD;
	if (is_option)
		in->text = (struct str){ in->text.at + 1, in->text.length - 1 };
}

static void advance(struct parser *in)
{
	in->rest = str_trim(in->rest);
	in->has_at = false;
	in->text = (struct str){ 0 };
	if (in->rest.length == 0) {
		in->token = TOKEN_END;
		return;
	}
	switch (in->rest.at[0]) {
	case '[':
		in->token = TOKEN_OPEN;
		break;
	case '(':
	case '{':
		in->token = TOKEN_GROUP;
		break;
	case ']':
	case ')':
	case '}':
		in->token = TOKEN_CLOSE;
		break;
	case '|':
		in->token = TOKEN_OR;
		break;
	case '@':
		in->token = TOKEN_WORD;
		break;
	case '<':
		read_argument(in);
		break;
	default:
		read_word(in);
		break;
	}
	if (in->text.length == 0 && in->rest.length > 0 && in->token != TOKEN_ARGUMENT)
		cut(in, 1);
	if (in->rest.length > 0 && in->rest.at[0] == '@') {
		in->has_at = true;
		cut(in, 1);
	}
}

/* "( A | B )" with nothing but words: `in` is at the group; true moves it behind the end. */
static bool take_values(struct parser *in, struct str *values)
{
	struct parser ahead = *in;
	const char *start = in->rest.at;

	do {
		advance(&ahead);
	} while (ahead.token == TOKEN_WORD || ahead.token == TOKEN_OR);
	if (in->token != TOKEN_GROUP || ahead.token != TOKEN_CLOSE)
		return false;
	*values = str_trim((struct str){ start, (size_t)(ahead.rest.at - start) - 1 });
	*in = ahead;
	advance(in);
	return true;
}

static bool is_numeric(struct str name)
{
	return str_equal(name, STR("positive_integer")) || str_equal(name, STR("integer")) ||
	       str_equal(name, STR("secs")) || str_equal(name, STR("mins")) ||
	       str_equal(name, STR("msecs"));
}

static struct usage_place place_of(const struct parser *in)
{
	return (struct usage_place){ .name = in->text,
				     .takes_range = in->has_at,
				     .is_number = is_numeric(in->text) };
}

static void add_word(struct usage_option *option, struct usage_place place, bool is_needed)
{
	if (option->most < USAGE_WORDS_MAX)
		option->words[option->most] = place;
	option->most++;
	option->least += is_needed;
}

/* "[<x>]" and "[<x> ...]" behind an option: one more word, if wanted. */
static bool take_optional_word(struct parser *in, struct usage_option *option)
{
	struct parser ahead = *in;
	struct parser word;

	advance(&ahead);
	if (ahead.token != TOKEN_ARGUMENT)
		return false;
	word = ahead;
	advance(&ahead);
	if (ahead.token == TOKEN_MORE)
		advance(&ahead);
	if (ahead.token != TOKEN_CLOSE)
		return false;
	add_word(option, place_of(&word), false);
	*in = ahead;
	advance(in);
	return true;
}

/* "(<labelType> <labelName>)" behind an option. */
static bool take_word_group(struct parser *in, struct usage_option *option)
{
	struct parser ahead = *in;

	for (advance(&ahead); ahead.token == TOKEN_ARGUMENT; advance(&ahead))
		;
	if (ahead.token != TOKEN_CLOSE)
		return false;
	for (advance(in); in->token == TOKEN_ARGUMENT; advance(in))
		add_word(option, place_of(in), true);
	advance(in);
	return true;
}

/* Behind a word of fixed values the next may be left out: -cip DISABLED. */
static bool is_next_needed(const struct usage_option *option)
{
	return option->most == 0 || option->words[0].values.length == 0;
}

static bool take_word(struct parser *in, struct usage_option *option)
{
	struct usage_place place = { 0 };

	switch (in->token) {
	case TOKEN_ARGUMENT:
		add_word(option, place_of(in), is_next_needed(option));
		advance(in);
		return true;
	case TOKEN_WORD:
		add_word(option, (struct usage_place){ .values = in->text },
			 is_next_needed(option));
		advance(in);
		return true;
	case TOKEN_GROUP:
		if (!take_values(in, &place.values))
			return take_word_group(in, option);
		add_word(option, place, is_next_needed(option));
		return true;
	case TOKEN_OPEN:
		return option->most > 0 && take_optional_word(in, option);
	case TOKEN_MORE:
		option->most = USAGE_MANY;
		advance(in);
		return false;
	case TOKEN_END:
	case TOKEN_CLOSE:
	case TOKEN_OR:
	case TOKEN_OPTION:
		return false;
	}
	must_not_reach();
}

/* {-password }: a secret, typed behind the option or asked for. */
static bool is_secret(const struct parser *in, struct str name)
{
	return in->token == TOKEN_CLOSE && name.at - in->start >= 2 && name.at[-2] == '{';
}

static void take_option(struct parser *in)
{
	struct usage *usage = in->usage;
	struct usage_option *option;
	struct usage_option spare;

	option = usage->option_count < in->option_room ? &usage->options[usage->option_count++]
						       : &spare;
	*option = (struct usage_option){ .name = in->text, .is_needed = in->depth == 0 };
	advance(in);
	option->is_secret = is_secret(in, option->name);
	option->most = option->is_secret;
	while (take_word(in, option))
		;
}

static void note_place(struct usage *usage, unsigned index, struct usage_place place)
{
	struct usage_place *known;

	if (index >= USAGE_PLACES_MAX)
		return;
	known = &usage->places[index];
	if (known->name.length == 0 && known->values.length == 0 && !known->is_uncertain) {
		*known = place;
		return;
	}
	*known = (struct usage_place){ .takes_range = known->takes_range || place.takes_range,
				       .is_uncertain = true };
}

static unsigned add(unsigned a, unsigned b)
{
	return a == USAGE_MANY || b == USAGE_MANY ? USAGE_MANY : a + b;
}

static struct bounds take_alternatives(struct parser *in, unsigned base);

static void take_place(struct parser *in, struct bounds *bounds, unsigned base)
{
	struct usage_place place = place_of(in);

	if (in->token == TOKEN_WORD) {
		place.values = in->text;
		place.name = (struct str){ 0 };
	}
	place.is_uncertain = bounds->least != bounds->most;
	note_place(in->usage, add(base, bounds->most), place);
	bounds->least++;
	bounds->most = add(bounds->most, 1);
	advance(in);
}

static void take_group(struct parser *in, struct bounds *bounds, unsigned base, bool is_optional)
{
	struct bounds inner;

	in->depth++;
	advance(in);
	inner = take_alternatives(in, add(base, bounds->most));
	in->depth--;
	if (in->token == TOKEN_CLOSE)
		advance(in);
	bounds->least += is_optional ? 0 : inner.least;
	bounds->most = add(bounds->most, inner.most);
}

static struct bounds take_sequence(struct parser *in, unsigned base)
{
	struct bounds bounds = { 0 };
	struct usage_place place = { 0 };

	for (;;) {
		switch (in->token) {
		case TOKEN_END:
		case TOKEN_CLOSE:
		case TOKEN_OR:
			return bounds;
		case TOKEN_ARGUMENT:
		case TOKEN_WORD:
			take_place(in, &bounds, base);
			break;
		case TOKEN_MORE:
			bounds.most = USAGE_MANY;
			advance(in);
			break;
		case TOKEN_OPTION:
			take_option(in);
			break;
		case TOKEN_GROUP:
			if (take_values(in, &place.values)) {
				note_place(in->usage, add(base, bounds.most), place);
				bounds = (struct bounds){ bounds.least + 1, add(bounds.most, 1) };
				break;
			}
			take_group(in, &bounds, base, false);
			break;
		case TOKEN_OPEN:
			take_group(in, &bounds, base, true);
			break;
		}
	}
}

static struct bounds take_alternatives(struct parser *in, unsigned base)
{
	struct bounds all = take_sequence(in, base);

	while (in->token == TOKEN_OR) {
		struct bounds one;

		advance(in);
		one = take_sequence(in, base);
		all.least = one.least < all.least ? one.least : all.least;
		all.most = one.most > all.most ? one.most : all.most;
	}
	return all;
}

static unsigned count_hyphens(struct str text)
{
	unsigned count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.at[i] == '-';
	return count;
}

/* Room for the options that are there and those of the synopsis. */
static void grow(struct usage *usage, unsigned room, struct arena *arena)
{
	struct usage_option *options = arena_many(arena, struct usage_option, room + 1);

	if (usage->option_count > 0)
		memcpy(options, usage->options, usage->option_count * sizeof(*options));
	usage->options = options;
}

void usage_add(struct usage *usage, struct str synopsis, struct arena *arena)
{
	struct parser in = { .start = synopsis.at, .rest = synopsis, .usage = usage };
	struct bounds all = { usage->place_least, usage->place_most };

	in.option_room = usage->option_count + count_hyphens(synopsis);
	grow(usage, in.option_room, arena);
	advance(&in);
	while (in.token != TOKEN_END) {
		struct bounds more = take_alternatives(&in, all.most);

		all = (struct bounds){ all.least + more.least, add(all.most, more.most) };
		if (in.token == TOKEN_CLOSE)
			advance(&in);
	}
	usage->place_least = all.least;
	usage->place_most = all.most;
}

struct usage *usage_parse(struct str synopsis, struct arena *arena)
{
	struct usage *usage = arena_one(arena, struct usage);

	usage_add(usage, synopsis, arena);
	return usage;
}

const struct usage_option *usage_option(const struct usage *usage, struct str name)
{
	for (unsigned i = 0; i < usage->option_count; i++)
		if (str_equal_nocase(usage->options[i].name, name))
			return &usage->options[i];
	return NULL;
}
