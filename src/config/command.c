/* SPDX-License-Identifier: Apache-2.0 */
#include "config/command.h"

#include "config/expand.h"
#include "config/reference.h"
#include "config/usage.h"

#include <inttypes.h>

/* What is needed while one command is understood. */
struct parse {
	struct arena *arena;
	struct report *report;
	struct command *command;
	const struct reference *reference;
	const struct usage *usage;
	unsigned place_most; /* how many arguments may stand by place */
	struct words words;
	unsigned at; /* the next word */
};

/* How many words an option takes, and what is known of them. */
struct shape {
	struct str name;
	int row; /* in the kind's table, or -1 */
	const struct usage_option *usage;
	unsigned least, most;
	bool is_dropped; /* accepted and forgotten */
};

static const struct {
	const char *name;
	enum verb verb;
} verbs[] = {
	{ "add", VERB_ADD },       { "set", VERB_SET },         { "unset", VERB_UNSET },
	{ "rm", VERB_RM },         { "bind", VERB_BIND },       { "unbind", VERB_UNBIND },
	{ "enable", VERB_ENABLE }, { "disable", VERB_DISABLE }, { "rename", VERB_RENAME },
	{ "clear", VERB_CLEAR },   { "link", VERB_LINK },       { "unlink", VERB_UNLINK },
	{ "show", VERB_SHOW },     { "stat", VERB_STAT },       { "save", VERB_SAVE },
};

/* Options that saved configurations hold though no synopsis tells them: numbers of devices, which
 * are the appliance's own affair, and how a secret is stored. */
static const struct {
	const char *name;
	unsigned words;
	bool is_dropped;
} hidden[] = {
	{ "devno", 1, true }, { "encrypted", 0, false }, { "encryptmethod", 1, false },
	{ "kek", 0, false },  { "suffix", 1, false },    { "hashmethod", 1, false },
};

/* What people write who remember the idea and not the name. */
static const struct {
	const char *typed, *meant;
} hints[] = {
	{ "spilloverMethod", "soMethod" },
	{ "spilloverThreshold", "soThreshold" },
	{ "spilloverPersistence", "soPersistence" },
	{ "backup", "backupVServer" },
	{ "surgeProtection", "sp" },
	{ "method", "lbMethod" },
	{ "persistence", "persistenceType" },
};

static enum verb verb_of(struct str name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_equal(name, str_of(verbs[i].name)))
			return verbs[i].verb;
	return VERB_OTHER;
}

static bool is_exit(struct str word)
{
	return str_equal_nocase(word, STR("exit")) || str_equal_nocase(word, STR("quit")) ||
	       str_equal_nocase(word, STR("done"));
}

static bool looks_like_option(const struct word *word)
{
	char second = word->text.length > 1 ? word->text.at[1] : '\0';

	return !word->is_quoted && word->text.length > 1 && word->text.at[0] == '-' &&
	       ((second >= 'a' && second <= 'z') || (second >= 'A' && second <= 'Z'));
}

static void report_unknown(struct report *report, unsigned column, const char *what,
			   struct str word, const struct text *others)
{
	bool is_ambiguous = others->length > 0 && memchr(others->at, ',', others->length) != NULL;

	if (others->length == 0)
		report_fault(report, column, "unknown %s %.*s", what, STR_ARG(word));
	else if (is_ambiguous)
		report_fault(report, column, "%s %.*s is ambiguous: it may be %s", what,
			     STR_ARG(word), others->at);
	else
		report_fault(report, column, "unknown %s %.*s: did you mean %s?", what,
			     STR_ARG(word), others->at);
}

static bool take_verb(struct parse *in)
{
	struct command *command = in->command;
	const struct word *word = &in->words.at[in->at++];
	struct text others = TEXT_EMPTY;

	if (is_exit(word->text)) {
		command->verb = VERB_EXIT;
		command->verb_name = STR("exit");
		return true;
	}
	command->verb_name = reference_verb(word->text, &others);
	if (command->verb_name.length == 0 || word->is_quoted)
		report_unknown(in->report, word->column, "command", word->text, &others);
	text_free(&others);
	command->verb = verb_of(command->verb_name);
	return command->verb_name.length > 0 && !word->is_quoted;
}

/* "lb vservre" rather than "lb" when the nearest has two words. */
static void report_unknown_object(struct parse *in, const struct text *others)
{
	const struct word *words = in->words.at + in->at;
	bool is_group = in->words.count - in->at > 1 && others->length > 0 &&
			memchr(others->at, ' ', others->length) != NULL &&
			memchr(others->at, ',', others->length) == NULL;
	struct str name = words[0].text;

	if (is_group)
		name = arena_print(in->arena, "%.*s %.*s", STR_ARG(words[0].text),
				   STR_ARG(words[1].text));
	report_unknown(in->report, words[0].column, "object type", name, others);
}

static bool take_object(struct parse *in)
{
	struct command *command = in->command;
	const struct word *words = in->words.at + in->at;
	unsigned left = in->words.count - in->at, used = 0;
	struct text others = TEXT_EMPTY;

	command->column = left > 0 ? words[0].column : 0;
	in->reference = reference_find(command->verb_name, words, left, &used, &others);
	if (in->reference == NULL && left == 0)
		report_fault(in->report, 0, "%.*s what? The type of an object is missing",
			     STR_ARG(command->verb_name));
	else if (in->reference == NULL)
		report_unknown_object(in, &others);
	text_free(&others);
	if (in->reference == NULL)
		return false;
	in->at += used;
	command->object = in->reference->object;
	command->kind = kind_find(command->object);
	return true;
}

/* A row of the kind's table is an option where the synopsis says so, or where it is our own. */
static bool row_is_option(const struct parse *in, unsigned row)
{
	const struct option *option = &in->command->kind->options[row];
	enum verb verb = in->command->verb;

	if (verb != VERB_ADD && verb != VERB_SET && verb != VERB_UNSET)
		return false;
	return option->name[0] != '\0' &&
	       (!option->is_position || usage_option(in->usage, str_of(option->name)) != NULL);
}

static bool next_is_value(const struct parse *in)
{
	return in->at < in->words.count && !looks_like_option(&in->words.at[in->at]);
}

static void shape_of_row(const struct parse *in, unsigned row, struct shape *shape)
{
	const struct option *option = &in->command->kind->options[row];

	*shape = (struct shape){ .name = str_of(option->name), .row = (int)row };
	if (in->command->verb == VERB_UNSET)
		return;
	shape->least = 1;
	shape->most = option->type == OPTION_LIST ? USAGE_MANY : option->follower != 0 ? 2 : 1;
	if (option->type == OPTION_TIME)
		shape->most = 2;
}

static void shape_of_usage(const struct parse *in, const struct usage_option *usage,
			   struct shape *shape)
{
	bool places_are_full = in->command->place_count >= in->place_most;

	*shape = (struct shape){ usage->name, -1, usage, usage->least, usage->most, false };
	/* -apiKey and its like: a secret of which the synopsis does not say that it takes a word.
	 */
	if (usage->most == 0 && places_are_full && in->command->verb != VERB_UNSET)
		shape->most = 1;
}

static bool find_exact(const struct parse *in, struct str name, struct shape *shape)
{
	const struct kind *kind = in->command->kind;
	int row = kind != NULL ? kind_option(kind, name) : -1;
	const struct usage_option *usage;

	if (row >= 0 && row_is_option(in, (unsigned)row)) {
		shape_of_row(in, (unsigned)row, shape);
		return true;
	}
	usage = usage_option(in->usage, name);
	if (usage != NULL) {
		shape_of_usage(in, usage, shape);
		return true;
	}
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (!str_equal_nocase(name, str_of(hidden[i].name)))
			continue;
		*shape = (struct shape){
			str_of(hidden[i].name), -1, NULL, hidden[i].words, hidden[i].words,
			hidden[i].is_dropped
		};
		return true;
	}
	return false;
}

/* Calls for the name of every option that there is, the kind's first. */
static void each_name(const struct parse *in, void (*visit)(void *context, struct str name),
		      void *context)
{
	const struct kind *kind = in->command->kind;

	for (unsigned i = 0; kind != NULL && i < kind->option_count; i++)
		if (row_is_option(in, i))
			visit(context, str_of(kind->options[i].name));
	for (unsigned i = 0; i < in->usage->option_count; i++) {
		struct str name = in->usage->options[i].name;
		int row = kind != NULL ? kind_option(kind, name) : -1;

		if ((row < 0 || !row_is_option(in, (unsigned)row)) &&
		    usage_option(in->usage, name) == &in->usage->options[i])
			visit(context, name);
	}
}

struct search {
	struct str typed;
	struct str found;
	unsigned count, distance;
	struct text others;
};

static void visit_beginning(void *context, struct str name)
{
	struct search *search = context;

	if (!str_starts_nocase(name, search->typed))
		return;
	search->found = name;
	search->count++;
	if (search->others.length < 400)
		text_print(&search->others, "%s-%.*s", search->count > 1 ? ", " : "",
			   STR_ARG(name));
}

static void visit_near(void *context, struct str name)
{
	struct search *search = context;
	unsigned distance = str_distance(name, search->typed, search->distance);

	if (distance >= search->distance || distance * 3 > name.length)
		return;
	search->distance = distance;
	text_cut(&search->others, 0);
	text_print(&search->others, "-%.*s", STR_ARG(name));
}

static void look_near(const struct parse *in, struct search *search)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct shape shape;

		if (!str_equal_nocase(search->typed, str_of(hints[i].typed)) ||
		    !find_exact(in, str_of(hints[i].meant), &shape))
			continue;
		text_print(&search->others, "-%s", hints[i].meant);
		return;
	}
	search->distance = 4;
	each_name(in, visit_near, search);
}

static bool find_option(struct parse *in, const struct word *word, struct shape *shape)
{
	struct search search = { .typed = { word->text.at + 1, word->text.length - 1 } };
	bool is_found = find_exact(in, search.typed, shape);

	if (!is_found) {
		each_name(in, visit_beginning, &search);
		is_found = search.count == 1 && find_exact(in, search.found, shape);
	}
	if (!is_found) {
		if (search.count == 0)
			look_near(in, &search);
		report_unknown(in->report, word->column, "option", word->text, &search.others);
	}
	text_free(&search.others);
	return is_found;
}

static bool is_unit(const struct word *word)
{
	return str_equal_nocase(word->text, STR("SEC")) ||
	       str_equal_nocase(word->text, STR("MSEC")) ||
	       str_equal_nocase(word->text, STR("MIN"));
}

/* Whether the next word belongs to the option, which has `count` words already. */
static bool wants_word(const struct parse *in, const struct shape *shape, unsigned count)
{
	const struct word *word = &in->words.at[in->at];
	struct shape other;

	if (count >= shape->most || in->at >= in->words.count)
		return false;
	if (count < shape->least)
		return !looks_like_option(word) ||
		       !find_exact(in, (struct str){ word->text.at + 1, word->text.length - 1 },
				   &other);
	if (!next_is_value(in))
		return false;
	if (shape->row >= 0 && in->command->kind->options[shape->row].type == OPTION_TIME)
		return is_unit(word);
	return true;
}

static bool takes_range(const struct shape *shape, unsigned index)
{
	return shape->usage != NULL && index < USAGE_WORDS_MAX &&
	       shape->usage->words[index].takes_range;
}

static void mark_range(struct word *word, bool is_allowed)
{
	word->takes_range = is_allowed && !word->is_quoted && expand_is_range(word->text);
}

static bool take_option(struct parse *in)
{
	struct command *command = in->command;
	const struct word *word = &in->words.at[in->at];
	struct argument *argument;
	struct shape shape;

	if (!find_option(in, word, &shape))
		return false;
	in->at++;
	argument = &command->options[command->option_count];
	*argument = (struct argument){ shape.name, shape.row, word->column, in->words.at + in->at,
				       0 };
	while (wants_word(in, &shape, argument->count)) {
		in->words.at[in->at].takes_range = takes_range(&shape, argument->count) &&
						   !in->words.at[in->at].is_quoted;
		argument->count++;
		in->at++;
	}
	if (argument->count < shape.least) {
		report_fault(in->report, word->column, "-%.*s needs %s", STR_ARG(shape.name),
			     shape.least > 1 ? "more values" : "a value");
		return false;
	}
	command->option_count += !shape.is_dropped;
	return true;
}

static bool take_place(struct parse *in)
{
	struct command *command = in->command;
	struct word *word = &in->words.at[in->at++];
	unsigned index = command->place_count;

	if (index >= in->place_most) {
		report_fault(in->report, word->column, "too many arguments: %.*s",
			     STR_ARG(word->text));
		return false;
	}
	/* Of "rm server <name>@ ..." every name is like the first. */
	if (index >= USAGE_PLACES_MAX || usage_place_is_unknown(&in->usage->places[index]))
		index = in->place_most == USAGE_MANY ? 0 : USAGE_PLACES_MAX - 1;
	mark_range(word, in->usage->places[index].takes_range);
	command->places[command->place_count++] = *word;
	return true;
}

static bool take_arguments(struct parse *in)
{
	struct command *command = in->command;
	bool is_good = true;

	command->places = arena_many(in->arena, struct word, in->words.count + 1);
	command->options = arena_many(in->arena, struct argument, in->words.count + 1);
	while (in->at < in->words.count && is_good)
		is_good = looks_like_option(&in->words.at[in->at]) ? take_option(in)
								   : take_place(in);
	return is_good;
}

static bool check_needed(struct parse *in)
{
	const struct command *command = in->command;

	if (command->verb == VERB_CLEAR && str_equal(command->object, STR("ns config")))
		return true; /* the level makes no difference here */
	if (command->place_count < in->usage->place_least) {
		struct str name = in->usage->places[command->place_count].name;

		report_fault(in->report, 0, "%.*s is missing: %.*s%s%.*s %.*s",
			     STR_ARG(name.length > 0 ? name : STR("an argument")),
			     STR_ARG(command->verb_name), command->object.length > 0 ? " " : "",
			     STR_ARG(command->object), STR_ARG(in->reference->synopsis));
		return false;
	}
	for (unsigned i = 0; i < in->usage->option_count && command->verb == VERB_ADD; i++) {
		const struct usage_option *option = &in->usage->options[i];
		char name[64];

		if (!option->is_needed || option->name.length >= sizeof(name))
			continue;
		memcpy(name, option->name.at, option->name.length);
		name[option->name.length] = '\0';
		if (command_option(command, name) != NULL)
			continue;
		report_fault(in->report, 0, "-%s is missing", name);
		return false;
	}
	return true;
}

/* "A | B | C" of a synopsis. */
static bool synopsis_has_value(struct str values, struct str word)
{
	while (values.length > 0) {
		const char *bar = memchr(values.at, '|', values.length);
		size_t length = bar != NULL ? (size_t)(bar - values.at) : values.length;
		size_t skip = length + (bar != NULL);

		if (str_equal_nocase(str_trim((struct str){ values.at, length }), word))
			return true;
		values = (struct str){ values.at + skip, values.length - skip };
	}
	return false;
}

static bool report_value(struct parse *in, const struct word *word, struct str name,
			 struct str values)
{
	bool is_long = values.length > 300;

	report_fault(in->report, word->column, "%.*s is no %.*s: one of %.*s%s",
		     STR_ARG(word->text), STR_ARG(name), (int)(is_long ? 300 : values.length),
		     values.at, is_long ? "..." : "");
	return false;
}

static bool check_range(struct parse *in, const struct word *word,
			const struct reference_argument *argument)
{
	uint64_t number = 0;
	bool is_negative = word->text.length > 1 && word->text.at[0] == '-';
	bool is_number = str_to_number(
		is_negative ? (struct str){ word->text.at + 1, word->text.length - 1 } : word->text,
		INT64_MAX, &number);
	int64_t value = is_negative ? -(int64_t)number : (int64_t)number;

	if (is_number && (!argument->has_least || value >= argument->least) &&
	    (!argument->has_most || value <= argument->most))
		return true;
	if (argument->has_least && argument->has_most)
		report_fault(in->report, word->column,
			     "%.*s is out of range for %.*s: %" PRId64 " to %" PRId64,
			     STR_ARG(word->text), STR_ARG(argument->name), argument->least,
			     argument->most);
	else
		report_fault(in->report, word->column, "%.*s is out of range for %.*s",
			     STR_ARG(word->text), STR_ARG(argument->name));
	return false;
}

/* A word against what synopsis and reference tell about it. */
static bool check_word(struct parse *in, const struct word *word, const struct usage_place *place,
		       struct str name)
{
	struct reference_argument argument;

	if (place->is_uncertain || word->takes_range)
		return true;
	if (place->values.length > 0)
		return synopsis_has_value(place->values, word->text) ||
		       report_value(in, word, name, place->values);
	if (name.length == 0 || !reference_argument(in->reference, name, &argument))
		return true;
	if (argument.values.length > 0)
		return reference_has_value(argument.values, word->text) ||
		       report_value(in, word, name, argument.values);
	if ((argument.has_least || argument.has_most) && place->is_number)
		return check_range(in, word, &argument);
	return true;
}

static bool check_option(struct parse *in, const struct argument *argument)
{
	const struct usage_option *usage = usage_option(in->usage, argument->name);
	bool is_good = true;

	for (unsigned i = 0; usage != NULL && i < argument->count && i < USAGE_WORDS_MAX; i++) {
		if (i >= usage->most)
			break;
		is_good &= check_word(in, &argument->words[i], &usage->words[i],
				      i == 0 ? argument->name : usage->words[i].name);
	}
	return is_good;
}

/* What the kind's table describes is checked by it when the command is applied. */
static bool check_values(struct parse *in)
{
	const struct command *command = in->command;
	bool is_good = true;

	for (unsigned i = 0; i < command->place_count && command->kind == NULL; i++)
		if (i < USAGE_PLACES_MAX)
			is_good &= check_word(in, &command->places[i], &in->usage->places[i],
					      in->usage->places[i].name);
	for (unsigned i = 0; i < command->option_count; i++)
		if (command->options[i].option < 0)
			is_good &= check_option(in, &command->options[i]);
	return is_good;
}

/* A secret that has a name may be typed by its place. */
static unsigned most_places(const struct usage *usage, const struct kind *kind)
{
	if (kind != NULL || usage->place_most == USAGE_MANY)
		return usage->place_most;
	for (unsigned i = 0; i < usage->option_count; i++)
		if (usage->options[i].is_secret)
			return usage->place_most + 1;
	return usage->place_most;
}

static bool parse_words(struct parse *in)
{
	if (!take_verb(in))
		return false;
	if (in->command->verb == VERB_EXIT)
		return true;
	if (!take_object(in))
		return false;
	in->usage = reference_usage(in->reference);
	in->place_most = most_places(in->usage, in->command->kind);
	return take_arguments(in) && check_needed(in) && check_values(in);
}

enum command_result command_parse(struct str line, struct arena *arena, struct command *command,
				  struct report *report)
{
	struct parse in = { .arena = arena, .report = report, .command = command };
	struct lex_fault fault;

	*command = (struct command){ 0 };
	if (!lex_line(line, arena, &in.words, &fault)) {
		report_fault(report, fault.column, "%s", fault.why);
		return COMMAND_BAD;
	}
	if (in.words.count == 0)
		return COMMAND_EMPTY;
	return parse_words(&in) ? COMMAND_OK : COMMAND_BAD;
}

bool command_is_change(const struct command *command)
{
	return command->verb <= VERB_UNLINK;
}

const struct argument *command_option(const struct command *command, const char *name)
{
	for (unsigned i = 0; i < command->option_count; i++)
		if (str_equal_nocase(command->options[i].name, str_of(name)))
			return &command->options[i];
	return NULL;
}

unsigned command_column(const struct command *command, unsigned option)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];

		if (argument->option == (int)option)
			return argument->count > 0 ? argument->words[0].column : argument->column;
	}
	for (unsigned i = 0; i < command->kind->position_count; i++)
		if (command->verb == VERB_ADD && i < command->place_count &&
		    kind_place(command->kind, i) == option)
			return command->places[i].column;
	return 0;
}

static void print_word(const struct word *word, struct text *text)
{
	text_add(text, STR(" "));
	/* A range that was typed stays one. */
	if (word->takes_range)
		text_add(text, word->text);
	else
		lex_quote(text, word->text);
}

void command_print(const struct command *command, struct text *text)
{
	text_add(text, command->verb_name);
	if (command->object.length > 0)
		text_print(text, " %.*s", STR_ARG(command->object));
	for (unsigned i = 0; i < command->place_count; i++)
		print_word(&command->places[i], text);
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];

		text_print(text, " -%.*s", STR_ARG(argument->name));
		for (unsigned j = 0; j < argument->count; j++)
			print_word(&argument->words[j], text);
	}
}
