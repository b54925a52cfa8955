/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kept.h"

#include "base/heap.h"
#include "config/lex.h"
#include "config/reference.h"
#include "config/usage.h"

#include <stdlib.h>

struct kept_option {
	char *name; /* owned; as the reference spells it */
	char *text; /* owned; its words quoted, a blank before each */
};

struct kept_line {
	enum verb verb;
	struct str verb_name, object; /* of the reference: they live as long as the program */
	char **places;                /* owned, each too; quoted */
	unsigned place_count;
	struct kept_option *options; /* owned */
	unsigned option_count;
};

void kept_init(struct kept *kept)
{
	*kept = (struct kept){ 0 };
}

static void free_option(struct kept_option *option)
{
	free(option->name);
	free(option->text);
}

static void free_line(struct kept_line *line)
{
	for (unsigned i = 0; i < line->place_count; i++)
		free(line->places[i]);
	for (unsigned i = 0; i < line->option_count; i++)
		free_option(&line->options[i]);
	free(line->places);
	free(line->options);
	free(line);
}

void kept_fini(struct kept *kept)
{
	for (unsigned i = 0; i < kept->count; i++)
		free_line(kept->lines[i]);
	free(kept->lines);
	kept_init(kept);
}

static char *print_words(const struct word *words, unsigned count, const char *between)
{
	struct text text = TEXT_EMPTY;
	char *copy;

	for (unsigned i = 0; i < count; i++) {
		text_add(&text, str_of(between));
		if (words[i].takes_range)
			text_add(&text, words[i].text);
		else
			lex_quote(&text, words[i].text);
	}
	copy = str_dup(text_str(&text));
	text_free(&text);
	return copy;
}

/* One thing cannot get the names of many: behind a plain name the new one is plain as well. */
static char *print_place(const struct command *command, unsigned index)
{
	struct word word = command->places[index];

	if (command->verb == VERB_RENAME && !command->places[0].takes_range)
		word.takes_range = false;
	return print_words(&word, 1, "");
}

static struct kept_line *line_of(const struct command *command)
{
	struct kept_line *line = heap_zeroed(1, sizeof(*line));

	must(line != NULL);
	line->verb = command->verb;
	line->verb_name = command->verb_name;
	line->object = command->object;
	line->places = heap_zeroed(command->place_count + 1, sizeof(*line->places));
	line->options = heap_zeroed(command->option_count + 1, sizeof(*line->options));
	must(line->places != NULL && line->options != NULL);
	for (unsigned i = 0; i < command->place_count; i++)
		line->places[line->place_count++] = print_place(command, i);
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];

		line->options[line->option_count++] = (struct kept_option){
			str_dup(argument->name), print_words(argument->words, argument->count, " ")
		};
	}
	return line;
}

static void append(struct kept *kept, struct kept_line *line)
{
	if (kept->count == kept->room) {
		kept->room = kept->room * 2 + 32;
		kept->lines = heap_resized(kept->lines, kept->room * sizeof(*kept->lines));
		must(kept->lines != NULL);
	}
	kept->lines[kept->count++] = line;
}

static void remove_at(struct kept *kept, unsigned index)
{
	free_line(kept->lines[index]);
	kept->count--;
	memmove(kept->lines + index, kept->lines + index + 1,
		(kept->count - index) * sizeof(*kept->lines));
}

static bool same_object(const struct kept_line *a, const struct kept_line *b)
{
	return a->object.at == b->object.at || str_equal_nocase(a->object, b->object);
}

static bool same_places(const struct kept_line *a, const struct kept_line *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(a->places[i], b->places[i]) != 0)
			return false;
	return true;
}

static struct kept_option *find_option(const struct kept_line *line, const char *name)
{
	for (unsigned i = 0; i < line->option_count; i++)
		if (str_equal_nocase(str_of(line->options[i].name), str_of(name)))
			return &line->options[i];
	return NULL;
}

static bool has_option(const struct kept_line *line, const struct kept_option *option)
{
	for (unsigned i = 0; i < line->option_count; i++)
		if (str_equal_nocase(str_of(line->options[i].name), str_of(option->name)) &&
		    strcmp(line->options[i].text, option->text) == 0)
			return true;
	return false;
}

static bool has_options(const struct kept_line *line, const struct kept_line *asked)
{
	for (unsigned i = 0; i < asked->option_count; i++)
		if (!has_option(line, &asked->options[i]))
			return false;
	return true;
}

/* The same thing is meant: all places are equal, and options that a synopsis wants always (the
 * -vlan of "set nd6RAvariables") too. */
static bool same_key(const struct kept_line *a, const struct kept_line *b)
{
	const struct reference *reference;
	const struct usage *usage;
	bool is_same = true;

	if (!same_object(a, b) || a->place_count != b->place_count ||
	    !same_places(a, b, a->place_count))
		return false;
	if (b->verb == VERB_UNSET)
		return true;
	reference = reference_get(b->verb_name, b->object);
	must(reference != NULL); /* it was typed */
	usage = reference_usage(reference);
	for (unsigned i = 0; i < b->option_count; i++) {
		const struct usage_option *option = usage_option(usage, str_of(b->options[i].name));

		if (option != NULL && option->is_needed && !has_option(a, &b->options[i]))
			is_same = false;
	}
	return is_same;
}

static bool is_same_line(const struct kept_line *a, const struct kept_line *b)
{
	return a->verb == b->verb && same_object(a, b) && a->place_count == b->place_count &&
	       a->option_count == b->option_count && same_places(a, b, a->place_count) &&
	       has_options(a, b) && has_options(b, a);
}

static void print_line(const struct kept_line *line, struct text *text)
{
	text_add(text, line->verb_name);
	if (line->object.length > 0)
		text_print(text, " %.*s", STR_ARG(line->object));
	for (unsigned i = 0; i < line->place_count; i++)
		text_print(text, " %s", line->places[i]);
	for (unsigned i = 0; i < line->option_count; i++)
		text_print(text, " -%s%s", line->options[i].name, line->options[i].text);
}

static const char *name_of(const struct kept_line *line)
{
	return line->place_count > 0 ? line->places[0] : "";
}

static bool keep_new(struct kept *kept, struct kept_line *line, struct report *report)
{
	for (unsigned i = 0; i < kept->count; i++) {
		const struct kept_line *old = kept->lines[i];
		bool is_there = is_same_line(old, line);

		if (line->verb == VERB_ADD && old->verb == VERB_ADD && line->place_count > 0)
			is_there |= same_object(old, line) &&
				    old->place_count == line->place_count &&
				    same_places(old, line, line->place_count);
		if (!is_there)
			continue;
		report_fault(report, 0, "Resource already exists: %.*s %s", STR_ARG(line->object),
			     name_of(line));
		free_line(line);
		return false;
	}
	append(kept, line);
	return true;
}

static void replace_option(struct kept_line *line, struct kept_option *option)
{
	struct kept_option *old = find_option(line, option->name);

	if (old != NULL) {
		free(old->text);
		old->text = option->text;
		free(option->name);
	} else {
		line->options = heap_resized(line->options,
					     (line->option_count + 1) * sizeof(*line->options));
		must(line->options != NULL);
		line->options[line->option_count++] = *option;
	}
	*option = (struct kept_option){ 0 };
}

/* An option that may come more than once in a line cannot be merged by its name. */
static bool has_twice(const struct kept_line *line)
{
	for (unsigned i = 0; i < line->option_count; i++)
		if (find_option(line, line->options[i].name) != &line->options[i])
			return true;
	return false;
}

/* Whether a line can be read again; with the options of another one: both together. */
static bool fits(const struct kept_line *line, const struct kept_line *more)
{
	struct text text = TEXT_EMPTY;
	bool is_good;

	print_line(line, &text);
	if (more != NULL)
		print_line(more, &text);
	is_good = lex_fits(text_str(&text));
	text_free(&text);
	return is_good;
}

/* The last of those with what is set holds. */
static bool keep_set(struct kept *kept, struct kept_line *line)
{
	for (unsigned i = kept->count; i > 0 && !has_twice(line); i--) {
		struct kept_line *old = kept->lines[i - 1];

		if (old->verb != VERB_SET || has_twice(old) || !same_key(old, line))
			continue;
		if (!fits(old, line))
			break;
		for (unsigned j = 0; j < line->option_count; j++)
			replace_option(old, &line->options[j]);
		free_line(line);
		return true;
	}
	append(kept, line);
	return true;
}

/* enable and disable of the same: the later holds. */
static bool keep_state(struct kept *kept, struct kept_line *line)
{
	for (unsigned i = kept->count; i > 0; i--) {
		const struct kept_line *old = kept->lines[i - 1];

		if ((old->verb == VERB_ENABLE || old->verb == VERB_DISABLE) &&
		    same_object(old, line) && old->place_count == line->place_count &&
		    same_places(old, line, line->place_count))
			remove_at(kept, i - 1);
	}
	append(kept, line);
	return true;
}

static void drop_option(struct kept_line *line, const char *name)
{
	struct kept_option *option = find_option(line, name);

	if (option == NULL)
		return;
	free_option(option);
	line->option_count--;
	memmove(option, option + 1,
		(size_t)(line->options + line->option_count - option) * sizeof(*option));
}

static bool unset(struct kept *kept, struct kept_line *line)
{
	for (unsigned i = kept->count; i > 0; i--) {
		struct kept_line *old = kept->lines[i - 1];

		if ((old->verb != VERB_SET && old->verb != VERB_ADD) || !same_key(old, line))
			continue;
		for (unsigned j = 0; j < line->option_count; j++)
			drop_option(old, line->options[j].name);
		if (old->verb == VERB_SET && old->option_count == 0)
			remove_at(kept, i - 1);
	}
	free_line(line);
	return true;
}

static bool report_missing(struct kept_line *line, struct report *report)
{
	report_fault(report, 0, "No such resource: %.*s %s", STR_ARG(line->object), name_of(line));
	free_line(line);
	return false;
}

static bool unbind(struct kept *kept, struct kept_line *line, enum verb verb, struct report *report)
{
	bool is_found = false;

	for (unsigned i = kept->count; i > 0; i--) {
		const struct kept_line *old = kept->lines[i - 1];

		if (old->verb != verb || !same_object(old, line) ||
		    old->place_count < line->place_count ||
		    !same_places(old, line, line->place_count) || !has_options(old, line))
			continue;
		remove_at(kept, i - 1);
		is_found = true;
	}
	if (!is_found)
		return report_missing(line, report);
	free_line(line);
	return true;
}

/* "rm route 10.0.0.0 255.0.0.0 10.1.1.1": the one line with these places. */
static bool remove_exactly(struct kept *kept, const struct kept_line *line)
{
	for (unsigned i = kept->count; i > 0 && line->place_count > 1; i--) {
		const struct kept_line *old = kept->lines[i - 1];

		if (old->verb != VERB_ADD || !same_object(old, line) ||
		    old->place_count < line->place_count ||
		    !same_places(old, line, line->place_count))
			continue;
		remove_at(kept, i - 1);
		return true;
	}
	return false;
}

static bool has_name(const struct kept *kept, const struct kept_line *line, const char *name)
{
	for (unsigned i = 0; i < kept->count; i++)
		if (same_object(kept->lines[i], line) && strcmp(name_of(kept->lines[i]), name) == 0)
			return true;
	return false;
}

static void remove_name(struct kept *kept, const struct kept_line *line, const char *name)
{
	for (unsigned i = kept->count; i > 0; i--)
		if (same_object(kept->lines[i - 1], line) &&
		    strcmp(name_of(kept->lines[i - 1]), name) == 0)
			remove_at(kept, i - 1);
}

static bool rm(struct kept *kept, struct kept_line *line, struct report *report)
{
	bool takes_many = line->place_count > 1;

	if (!remove_exactly(kept, line)) {
		for (unsigned i = 0; i < (takes_many ? line->place_count : 1); i++)
			if (!has_name(kept, line, line->place_count > 0 ? line->places[i] : ""))
				return report_missing(line, report);
		remove_name(kept, line, name_of(line));
		for (unsigned i = 1; i < line->place_count; i++)
			remove_name(kept, line, line->places[i]);
	}
	free_line(line);
	return true;
}

static void put_name(struct kept_line *line, const char *name)
{
	free(line->places[0]);
	line->places[0] = str_dup(str_of(name));
}

static bool rename_lines(struct kept *kept, struct kept_line *line, struct report *report)
{
	if (line->place_count < 2 || !has_name(kept, line, line->places[0]))
		return report_missing(line, report);
	if (has_name(kept, line, line->places[1])) {
		report_fault(report, 0, "Resource already exists: %.*s %s", STR_ARG(line->object),
			     line->places[1]);
		free_line(line);
		return false;
	}
	for (unsigned i = 0; i < kept->count; i++)
		if (same_object(kept->lines[i], line) &&
		    strcmp(name_of(kept->lines[i]), line->places[0]) == 0)
			put_name(kept->lines[i], line->places[1]);
	free_line(line);
	return true;
}

static bool apply(struct kept *kept, struct kept_line *line, struct report *report)
{
	switch (line->verb) {
	case VERB_ADD:
	case VERB_BIND:
	case VERB_LINK:
		return keep_new(kept, line, report);
	case VERB_SET:
		return keep_set(kept, line);
	case VERB_ENABLE:
	case VERB_DISABLE:
		return keep_state(kept, line);
	case VERB_UNSET:
		return unset(kept, line);
	case VERB_UNBIND:
		return unbind(kept, line, VERB_BIND, report);
	case VERB_UNLINK:
		return unbind(kept, line, VERB_LINK, report);
	case VERB_RM:
		return rm(kept, line, report);
	case VERB_RENAME:
		return rename_lines(kept, line, report);
	case VERB_CLEAR:
	case VERB_SHOW:
	case VERB_STAT:
	case VERB_SAVE:
	case VERB_EXIT:
	case VERB_OTHER:
		free_line(line);
		return true;
	}
	must_not_reach();
}

static bool makes_something(enum verb verb)
{
	return verb == VERB_ADD || verb == VERB_SET || verb == VERB_BIND || verb == VERB_LINK ||
	       verb == VERB_ENABLE || verb == VERB_DISABLE;
}

bool kept_apply(struct kept *kept, const struct command *command, struct report *report)
{
	struct kept_line *line = line_of(command);

	if (!fits(line, NULL)) {
		report_fault(report, 0, "it would not fit a line of a file: %d bytes",
			     (int)LEX_LINE_MAX);
		free_line(line);
		return false;
	}
	if (!apply(kept, line, report))
		return false;
	if (makes_something(command->verb))
		report_warning(report, 0, "%.*s %.*s is kept but not yet supported: no effect",
			       STR_ARG(command->verb_name), STR_ARG(command->object));
	return true;
}

/* "ssl vserver" is told about an "lb vserver". */
static bool is_tls_side(struct str object, struct str kind)
{
	struct str side;

	if (!str_starts_nocase(object, STR("ssl ")))
		return false;
	side = (struct str){ object.at + 4, object.length - 4 };
	if (str_starts_nocase(kind, STR("lb ")))
		kind = (struct str){ kind.at + 3, kind.length - 3 };
	return str_equal_nocase(side, kind);
}

void kept_follow(struct kept *kept, struct str kind, struct str name, struct str to)
{
	struct word words[2] = { { .text = name }, { .text = to } };
	char *old = print_words(&words[0], 1, ""), *renamed = print_words(&words[1], 1, "");

	for (unsigned i = kept->count; i > 0; i--) {
		struct kept_line *line = kept->lines[i - 1];

		if (!is_tls_side(line->object, kind) || strcmp(name_of(line), old) != 0)
			continue;
		if (to.length == 0)
			remove_at(kept, i - 1);
		else
			put_name(line, renamed);
	}
	free(old);
	free(renamed);
}

static bool is_before_objects(const struct kept_line *line)
{
	return line->verb == VERB_ADD || line->verb == VERB_ENABLE || line->verb == VERB_DISABLE;
}

void kept_print(const struct kept *kept, bool is_before, struct text *text)
{
	for (unsigned i = 0; i < kept->count; i++) {
		if (is_before_objects(kept->lines[i]) != is_before)
			continue;
		print_line(kept->lines[i], text);
		text_add(text, STR("\n"));
	}
}
