/* SPDX-License-Identifier: Apache-2.0 */
#include "config/complete.h"

#include "config/lex.h"
#include "config/reference.h"
#include "config/usage.h"

#include <inttypes.h>

/* An option, from the kind's table or from a synopsis, or a place. */
struct taker {
	struct str name;
	const struct option *row; /* NULL: only the reference knows it */
	const struct usage_place *words;
	unsigned least, most; /* values */
};

/* What is needed while one line is looked at. */
struct look {
	struct arena *arena;
	const struct complete_names *names;
	struct complete *out;
	const struct word *words; /* those that are whole */
	unsigned count, at;
	struct str verb;
	const struct reference *reference;
	const struct kind *kind;
	const struct usage *usage;
	struct str *given; /* names of options */
	unsigned given_count, place_count;
	struct taker open; /* the last option; values of it may follow */
	unsigned value_count;
};

static const struct {
	const char *verb, *help;
} verbs[] = {
	{ "add", "make an object" },
	{ "set", "change options of an object" },
	{ "unset", "options of an object back to their defaults" },
	{ "rm", "take an object away" },
	{ "bind", "join two objects" },
	{ "unbind", "part two objects" },
	{ "enable", "let an object work" },
	{ "disable", "let an object rest" },
	{ "rename", "give an object another name" },
	{ "show", "what is configured, and in which state it is" },
	{ "stat", "counters" },
	{ "explain", "what would happen to a new client now, and why" },
	{ "save", "write the running configuration to its file" },
	{ "clear", "forget the configuration" },
	{ "exit", "leave" },
};

/* Commands of ours that the reference does not know. */
static const struct own {
	const char *verb, *object, *help;
	enum kind_id named; /* whose name may follow; KIND_COUNT: none */
} ours[] = {
	{ "show", "engines", "what each engine does", KIND_COUNT },
	{ "stat", "engines", "what each engine does", KIND_COUNT },
	{ "show", "spillover audit", "counts the units of a virtual server's limit, or of all",
	  KIND_VSERVER },
	{ "show", "policy functions", "what a rule may say", KIND_COUNT },
	{ "show", "spillover events", "what happened to a virtual server's limit lately, or to all",
	  KIND_VSERVER },
};

/* Which objects an argument names. */
static const struct {
	const char *name;
	enum kind_id kinds[2];
} named[] = {
	{ "serviceName", { KIND_SERVICE, KIND_GROUP } },
	{ "serviceGroupName", { KIND_GROUP, KIND_GROUP } },
	{ "serverName", { KIND_SERVER, KIND_SERVER } },
	{ "IP", { KIND_SERVER, KIND_SERVER } },
	{ "monitorName", { KIND_MONITOR, KIND_MONITOR } },
	{ "metricTable", { KIND_METRIC_TABLE, KIND_METRIC_TABLE } },
	{ "vServerName", { KIND_VSERVER, KIND_VSERVER } },
	{ "backupVServer", { KIND_VSERVER, KIND_VSERVER } },
	{ "policyName", { KIND_SPILLOVER_POLICY, KIND_SPILLOVER_POLICY } },
};

/* --- what is offered -------------------------------------------------------------------------- */

static void offer(struct complete *out, struct str text, struct str help)
{
	if (!str_starts_nocase(text, out->word))
		return;
	for (unsigned i = 0; i < out->count; i++)
		if (str_equal_nocase(out->items[i].text, text))
			return;
	if (out->count == COMPLETE_MAX)
		out->is_cut = true;
	else
		out->items[out->count++] = (struct complete_item){ text, help };
}

static struct str take_part(struct str *rest, char mark)
{
	const char *at = rest->length > 0 ? memchr(rest->at, mark, rest->length) : NULL;
	size_t length = at != NULL ? (size_t)(at - rest->at) : rest->length;
	struct str part = { rest->at, length };

	length += at != NULL;
	*rest = (struct str){ rest->at + length, rest->length - length };
	return part;
}

static void offer_values(struct look *look, struct str values)
{
	while (values.length > 0) {
		struct str value = str_trim(take_part(&values, '|'));

		if (value.length > 0)
			offer(look->out, value, STR(""));
	}
}

static void offer_names(struct look *look, enum kind_id kind)
{
	const struct str *names = NULL;
	unsigned count = look->names != NULL ? look->names->of(look->names->context, kind, &names)
					     : 0;

	for (unsigned i = 0; i < count; i++)
		offer(look->out, names[i], str_of(kinds[kind]->object));
}

static bool offer_named(struct look *look, struct str name)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (!str_equal_nocase(name, str_of(named[i].name)))
			continue;
		offer_names(look, named[i].kinds[0]);
		if (named[i].kinds[1] != named[i].kinds[0])
			offer_names(look, named[i].kinds[1]);
		return true;
	}
	return false;
}

static void hint_row(struct look *look, const struct option *row)
{
	const char *unit = row->unit != NULL ? row->unit : "";

	if (row->type == OPTION_NUMBER || row->type == OPTION_TIME)
		look->out->hint = arena_print(look->arena, "%s: %s (%" PRIu64 "..%" PRIu64 "%s%s)",
					      row->name, row->help, row->least, row->most,
					      row->type == OPTION_TIME || unit[0] == '\0' ? ""
											  : " ",
					      row->type == OPTION_TIME ? " ms" : unit);
	else if (row->type == OPTION_AMOUNT)
		look->out->hint = arena_print(look->arena,
					      "%s: %s (%" PRIu64 "..%" PRIu64 ", or 0%%..100%%)",
					      row->name, row->help, row->least, row->most);
	else
		look->out->hint = arena_print(look->arena, "%s: %s", row->name, row->help);
}

static void offer_row(struct look *look, const struct option *row)
{
	if (row->type == OPTION_CHOICE) {
		for (const struct choice *one = row->choices; one->name != NULL; one++)
			offer(look->out, str_of(one->name),
			      str_of(one->not_yet != NULL ? one->not_yet : ""));
		return;
	}
	offer_named(look, str_of(row->name));
	if (look->kind == &kind_spillover_policy &&
	    row == &look->kind->options[SPILLOVER_POLICY_ACTION])
		offer_names(look, KIND_SPILLOVER_ACTION);
	hint_row(look, row);
}

static struct str told(struct look *look, struct str name)
{
	struct reference_argument argument;
	struct str text = { 0 }, standard;

	if (!reference_argument(look->reference, name, &argument))
		return text;
	standard = argument.standard;
	if (argument.has_least && argument.has_most)
		text = arena_print(look->arena, "%" PRId64 "..%" PRId64, argument.least,
				   argument.most);
	else if (argument.has_least)
		text = arena_print(look->arena, "%" PRId64 " or more", argument.least);
	else if (argument.has_most)
		text = arena_print(look->arena, "at most %" PRId64, argument.most);
	else
		text = argument.values;
	if (standard.length > 0)
		text = arena_print(look->arena, "%.*s%sdefault %.*s", STR_ARG(text),
				   text.length > 0 ? ", " : "", STR_ARG(standard));
	return text;
}

/* A word of which only synopsis and reference tell. */
static void offer_word(struct look *look, const struct usage_place *word, struct str name)
{
	struct reference_argument argument;
	struct str more = told(look, name);

	if (offer_named(look, name))
		return;
	offer_values(look, word->values);
	if (word->values.length == 0 && reference_argument(look->reference, name, &argument))
		offer_values(look, argument.values);
	if (look->out->count == 0 && name.length > 0)
		look->out->hint = arena_print(look->arena, "%.*s%s%.*s", STR_ARG(name),
					      more.length > 0 ? ": " : "", STR_ARG(more));
}

static void offer_value(struct look *look, const struct taker *taker, unsigned index)
{
	static const struct usage_place unknown;

	if (taker->row != NULL && index == 0)
		offer_row(look, taker->row);
	else if (taker->row != NULL && taker->row->type == OPTION_TIME)
		offer_values(look, STR("SEC|MSEC|MIN"));
	else if (taker->row != NULL && taker->row->follower != 0)
		offer_row(look, &look->kind->options[taker->row->follower]);
	else if (taker->words != NULL && index < USAGE_WORDS_MAX)
		offer_word(look, &taker->words[index],
			   index == 0 ? taker->name : taker->words[index].name);
	else
		offer_word(look, &unknown, taker->name);
}

/* --- verbs and objects ------------------------------------------------------------------------ */

static void offer_verbs(struct look *look)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		offer(look->out, str_of(verbs[i].verb), str_of(verbs[i].help));
	for (size_t i = 0; i < reference_count() && look->out->word.length > 0; i++)
		offer(look->out, reference_at(i)->verb, STR(""));
}

static struct str object_help(const struct reference *reference)
{
	const struct kind *kind = kind_find(reference->object);

	return kind != NULL ? str_of(kind->help) : reference->synopsis;
}

/* The next word of an object of which all whole words are beginnings. */
static void offer_part(struct look *look, struct str help, struct str object)
{
	struct str part = take_part(&object, ' ');

	for (unsigned i = look->at; i < look->count; i++) {
		if (look->words[i].is_quoted || part.length == 0 ||
		    !str_starts_nocase(part, look->words[i].text))
			return;
		part = take_part(&object, ' ');
	}
	if (part.length > 0)
		offer(look->out, part, object.length == 0 ? help : STR("several types of objects"));
}

/* Those that Spillway supports come first. "ns" may be left out. */
static void offer_objects(struct look *look)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		const struct reference *one = reference_get(look->verb, str_of(kinds[i]->object));

		if (one != NULL)
			offer_part(look, object_help(one), one->object);
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_equal(look->verb, str_of(ours[i].verb)))
			offer_part(look, str_of(ours[i].help), str_of(ours[i].object));
	for (size_t i = 0; i < reference_count(); i++)
		if (str_equal(reference_at(i)->verb, look->verb))
			offer_part(look, object_help(reference_at(i)), reference_at(i)->object);
	for (size_t i = 0; i < reference_count() && look->out->count == 0; i++) {
		struct str object = reference_at(i)->object;

		if (str_equal(reference_at(i)->verb, look->verb) && str_starts(object, STR("ns ")))
			offer_part(look, object_help(reference_at(i)),
				   (struct str){ object.at + 3, object.length - 3 });
	}
}

/* The object is typed whole, and the name of something comes next. */
static bool is_typed(const struct look *look, const struct own *own)
{
	struct str object = str_of(own->object);
	unsigned at = 1;

	if (own->named == KIND_COUNT || !str_equal(look->verb, str_of(own->verb)))
		return false;
	for (; at < look->count && object.length > 0; at++)
		if (!str_equal_nocase(take_part(&object, ' '), look->words[at].text))
			return false;
	return object.length == 0 && at == look->count;
}

static bool offer_own_names(struct look *look)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (is_typed(look, &ours[i])) {
			offer_names(look, ours[i].named);
			return true;
		}
	return false;
}

/* --- options ---------------------------------------------------------------------------------- */

/* Its options are those of the kind's table. */
static bool is_written(const struct look *look)
{
	return str_equal(look->verb, STR("add")) || str_equal(look->verb, STR("set")) ||
	       str_equal(look->verb, STR("unset"));
}

static bool row_is_option(const struct look *look, const struct option *row)
{
	bool is_set = str_equal(look->verb, STR("set")) || str_equal(look->verb, STR("unset"));

	if ((!is_set && !str_equal(look->verb, STR("add"))) || row->name[0] == '\0')
		return false;
	if (row->is_once && is_set)
		return false;
	return !row->is_position || usage_option(look->usage, str_of(row->name)) != NULL;
}

static struct taker taker_of_row(const struct look *look, const struct option *row)
{
	struct taker taker = { .name = str_of(row->name), .row = row };

	if (str_equal(look->verb, STR("unset")))
		return taker;
	taker.least = 1;
	taker.most = row->type == OPTION_LIST                         ? USAGE_MANY
		     : row->follower != 0 || row->type == OPTION_TIME ? 2
								      : 1;
	return taker;
}

/* Calls for every option that there is, the kind's first. */
static void each_option(struct look *look,
			void (*visit)(struct look *look, const struct taker *taker, void *context),
			void *context)
{
	for (unsigned i = 0; look->kind != NULL && i < look->kind->option_count; i++) {
		struct taker taker = taker_of_row(look, &look->kind->options[i]);

		if (row_is_option(look, taker.row))
			visit(look, &taker, context);
	}
	for (unsigned i = 0; i < look->usage->option_count; i++) {
		const struct usage_option *one = &look->usage->options[i];
		struct taker taker = { one->name, NULL, one->words, one->least, one->most };
		int row = look->kind != NULL ? kind_option(look->kind, one->name) : -1;

		if ((row < 0 || !row_is_option(look, &look->kind->options[row])) &&
		    usage_option(look->usage, one->name) == one)
			visit(look, &taker, context);
	}
}

static void visit_offer(struct look *look, const struct taker *taker, void *context)
{
	const struct option *row = taker->row;
	struct str help = row != NULL ? str_of(row->help) : told(look, taker->name);

	(void)context;
	for (unsigned i = 0; i < look->given_count; i++)
		if (str_equal_nocase(look->given[i], taker->name))
			return;
	if (row != NULL ? row->not_yet != NULL : look->kind != NULL && is_written(look))
		help = arena_print(look->arena, "%.*s%s(kept, without effect so far)",
				   STR_ARG(help), help.length > 0 ? " " : "");
	offer(look->out, arena_print(look->arena, "-%.*s", STR_ARG(taker->name)), help);
}

struct search {
	struct str typed;
	struct taker found;
	unsigned count;
	bool is_exact;
};

static void visit_search(struct look *look, const struct taker *taker, void *context)
{
	struct search *search = context;
	bool is_exact = str_equal_nocase(taker->name, search->typed);

	(void)look;
	if (search->is_exact || !str_starts_nocase(taker->name, search->typed))
		return;
	search->count = is_exact ? 1 : search->count + 1;
	search->found = *taker;
	search->is_exact = is_exact;
}

/* --- arguments -------------------------------------------------------------------------------- */

static bool is_option(const struct word *word)
{
	char second = word->text.length > 1 ? word->text.at[1] : '\0';

	return !word->is_quoted && word->text.length > 1 && word->text.at[0] == '-' &&
	       ((second >= 'a' && second <= 'z') || (second >= 'A' && second <= 'Z'));
}

static bool is_unit(struct str word)
{
	return str_equal_nocase(word, STR("SEC")) || str_equal_nocase(word, STR("MSEC")) ||
	       str_equal_nocase(word, STR("MIN"));
}

/* False when it is no option, or may be several. */
static bool pass_option(struct look *look, const struct word *word)
{
	struct search search = { .typed = { word->text.at + 1, word->text.length - 1 } };

	each_option(look, visit_search, &search);
	if (search.count != 1)
		return false;
	look->open = search.found;
	look->value_count = 0;
	look->given[look->given_count++] = search.found.name;
	return true;
}

static bool pass_word(struct look *look, const struct word *word)
{
	bool is_time = look->open.row != NULL && look->open.row->type == OPTION_TIME;

	if (is_option(word) && look->value_count >= look->open.least)
		return pass_option(look, word);
	if (look->value_count < look->open.most &&
	    (look->value_count == 0 || !is_time || is_unit(word->text))) {
		look->value_count++;
		return true;
	}
	look->open = (struct taker){ 0 };
	look->place_count++;
	return true;
}

/* What a place is for that a synopsis tells in brackets: (<serviceName> | <serviceGroupName>). */
static struct str place_name(const struct look *look, const struct usage_place *place)
{
	if (!place->is_uncertain || look->kind == NULL ||
	    (place->name.length > 0 && look->kind->id != KIND_MONITOR))
		return place->name;
	return look->kind->id == KIND_GROUP ? STR("serverName") : STR("serviceName");
}

static void offer_place(struct look *look)
{
	bool is_add = str_equal(look->verb, STR("add"));
	unsigned index = look->place_count;
	const struct usage_place *place;
	struct str name;

	if (is_add && look->kind != NULL && index < look->kind->position_count) {
		const struct option *row = &look->kind->options[kind_place(look->kind, index)];

		if (index == 0)
			hint_row(look, row);
		else
			offer_row(look, row);
		return;
	}
	if (index >= look->usage->place_most)
		return;
	/* Of "rm server <name>@ ..." every name is like the first. */
	if (index >= USAGE_PLACES_MAX || usage_place_is_unknown(&look->usage->places[index]))
		index = 0;
	place = &look->usage->places[index];
	name = place_name(look, place);
	if (look->kind != NULL && !is_add && index == 0 &&
	    (str_equal(name, STR("name")) || name.length == 0))
		offer_names(look, look->kind->id);
	else if (is_add && index == 0)
		look->out->hint = name;
	else
		offer_word(look, place, name);
}

static void offer_arguments(struct look *look)
{
	struct str word = look->out->word;
	bool is_dash = word.length > 0 && word.at[0] == '-';

	if (look->value_count < look->open.least) {
		offer_value(look, &look->open, look->value_count);
		return;
	}
	if (!is_dash && look->value_count < look->open.most)
		offer_value(look, &look->open, look->value_count);
	if (!is_dash)
		offer_place(look);
	if (is_dash || (word.length == 0 && look->place_count >= look->usage->place_least))
		each_option(look, visit_offer, NULL);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void look_at_words(struct look *look)
{
	struct text others = TEXT_EMPTY;
	unsigned used = 0;

	if (look->count == 0) {
		offer_verbs(look);
		return;
	}
	look->verb = reference_verb(look->words[0].text, &others);
	look->at = 1;
	if (offer_own_names(look))
		return;
	if (look->verb.length > 0) {
		look->reference = reference_find(look->verb, look->words + 1, look->count - 1,
						 &used, &others);
		offer_objects(look);
	}
	text_free(&others);
	if (look->reference == NULL || (look->count == 1 && look->reference->object.length > 0))
		return;
	look->kind = kind_find(look->reference->object);
	look->usage = reference_usage(look->reference);
	look->given = arena_many(look->arena, struct str, look->count);
	for (unsigned i = look->at + used; i < look->count; i++)
		if (!pass_word(look, &look->words[i]))
			return;
	offer_arguments(look);
}

/* Takes the word under the cursor off. False: it cannot be completed. */
static bool take_last(struct str line, struct words *words, struct complete *complete)
{
	const struct word *last;

	if (line.length == 0 || line.at[line.length - 1] == ' ' || line.at[line.length - 1] == '\t')
		return memchr(line.at != NULL ? line.at : "", '#', line.length) == NULL;
	if (words->count == 0)
		return false;
	last = &words->at[words->count - 1];
	if (last->is_quoted || last->column - 1 + last->text.length != line.length)
		return false;
	words->count--;
	complete->word = last->text;
	return true;
}

void complete_line(struct str line, const struct complete_names *names, struct arena *arena,
		   struct complete *complete)
{
	struct look look = { .arena = arena, .names = names, .out = complete };
	struct words words = { 0 };
	struct lex_fault fault;

	complete->word = complete->hint = (struct str){ 0 };
	complete->count = 0;
	complete->is_cut = false;
	if (line.length > COMPLETE_LINE_MAX || !lex_line(line, arena, &words, &fault) ||
	    !take_last(line, &words, complete))
		return;
	look.words = words.at;
	look.count = words.count;
	look_at_words(&look);
}

size_t complete_common(const struct complete *complete)
{
	struct str common = complete->count > 0 ? complete->items[0].text : (struct str){ 0 };

	for (unsigned i = 1; i < complete->count; i++)
		while (!str_starts_nocase(complete->items[i].text, common))
			common.length--;
	return common.length;
}
