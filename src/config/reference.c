/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reference.h"

#include "base/arena.h"
#include "base/hash.h"
#include "config/usage.h"

/* REFERENCE_FILE is where the build finds reference.txt. */
__asm__(".pushsection .rodata\n"
	".global reference_text_start\n"
	".global reference_text_end\n"
	"reference_text_start:\n"
	".incbin \"" REFERENCE_FILE "\"\n"
	"reference_text_end:\n"
	".byte 0\n"
	".popsection\n");

extern const char reference_text_start[], reference_text_end[];

enum { COMMANDS_MAX = 2400, VERBS_MAX = 64, OBJECT_WORDS_MAX = 4, HEAD_MAX = 128 };

/* Filled once, by the first who asks (control, or a test). */
static struct reference commands[COMMANDS_MAX];
static size_t command_count;
static struct usage *usages[COMMANDS_MAX]; /* in the arena; NULL: not asked for yet */
static struct arena *usage_arena;          /* as long as the program */
static struct hash by_head;                /* key: verb and object with a blank between */
static struct str verbs[VERBS_MAX];
static size_t verb_count;

static struct str take_line(struct str *rest)
{
	const char *end = memchr(rest->at, '\n', rest->length);
	size_t length = end != NULL ? (size_t)(end - rest->at) : rest->length;
	struct str line = { rest->at, length };

	length += end != NULL;
	rest->at += length;
	rest->length -= length;
	return line;
}

static struct str cut_before(struct str text, char mark, struct str *rest)
{
	const char *at = text.length > 0 ? memchr(text.at, mark, text.length) : NULL;
	size_t length = at != NULL ? (size_t)(at - text.at) : text.length;
	size_t skip = length + (at != NULL);

	*rest = (struct str){ text.at + skip, text.length - skip };
	return (struct str){ text.at, length };
}

/* The first of its spellings stands for all, so that verbs are compared by where they lie. */
static struct str one_spelling(struct str verb)
{
	for (size_t i = 0; i < verb_count; i++)
		if (str_equal(verbs[i], verb))
			return verbs[i];
	return verb;
}

static struct str remember_verb(struct str verb)
{
	struct str known = one_spelling(verb);

	if (known.at != verb.at)
		return known;
	must(verb_count < VERBS_MAX);
	verbs[verb_count++] = verb;
	return verb;
}

static void remember(struct str line)
{
	struct reference *command = &commands[command_count];
	struct str head, rest;

	must(command_count < COMMANDS_MAX);
	head = cut_before(line, ':', &rest);
	command->verb = remember_verb(cut_before(head, ' ', &command->object));
	command->synopsis = str_trim(rest);
	command->arguments = (struct str){ line.at + line.length + 1, 0 };
	hash_put(&by_head, head, command);
	command_count++;
}

/* "+add service: [-gslb ...]" */
static void remember_more(struct str line)
{
	struct str rest, head = cut_before(line, ':', &rest);
	struct reference *command = hash_get(&by_head,
					     (struct str){ head.at + 1, head.length - 1 });

	must(command != NULL);
	command->more = str_trim(rest);
}

static void load(void)
{
	struct str rest = { reference_text_start,
			    (size_t)(reference_text_end - reference_text_start) };

	if (command_count > 0)
		return;
	hash_init(&by_head, true);
	while (rest.length > 0) {
		struct str line = take_line(&rest);

		if (line.length == 0 || line.at[0] == '#')
			continue;
		if (line.at[0] == '\t')
			commands[command_count - 1].arguments.length += line.length + 1;
		else if (line.at[0] == '+')
			remember_more(line);
		else
			remember(line);
	}
}

size_t reference_count(void)
{
	load();
	return command_count;
}

const struct reference *reference_at(size_t index)
{
	load();
	must(index < command_count);
	return &commands[index];
}

static void name_another(struct text *others, struct str name)
{
	if (others->length > 400)
		return;
	text_print(others, "%s%.*s", others->length > 0 ? ", " : "", STR_ARG(name));
}

static void name_nearest_verb(struct str word, struct text *others)
{
	unsigned least = 3;
	struct str best = { 0 };

	for (size_t i = 0; i < verb_count; i++) {
		unsigned distance = str_distance(word, verbs[i], least);

		if (distance < least && distance * 3 <= verbs[i].length) {
			least = distance;
			best = verbs[i];
		}
	}
	if (best.length > 0)
		name_another(others, best);
}

struct str reference_verb(struct str word, struct text *others)
{
	struct str found = { 0 };
	unsigned count = 0;

	load();
	for (size_t i = 0; i < verb_count; i++) {
		if (str_equal_nocase(verbs[i], word))
			return verbs[i];
		if (word.length > 0 && str_starts_nocase(verbs[i], word)) {
			found = verbs[i];
			count++;
		}
	}
	if (count == 1)
		return found;
	for (size_t i = 0; i < verb_count && count > 1; i++)
		if (str_starts_nocase(verbs[i], word))
			name_another(others, verbs[i]);
	if (count == 0)
		name_nearest_verb(word, others);
	return (struct str){ 0 };
}

/* How many words the object has when the typed ones are their beginnings; 0: they are not. */
static unsigned match_object(struct str object, const struct word *words, unsigned count)
{
	unsigned used = 0;

	while (object.length > 0) {
		struct str part = cut_before(object, ' ', &object);
		struct str word;

		if (used == count || words[used].is_quoted)
			return 0;
		word = words[used++].text;
		if (word.length < 2 || !str_starts_nocase(part, word))
			return 0;
	}
	return used;
}

/* The verb and the first words with one blank between; empty when they cannot be an object. */
static struct str head_of(struct str verb, const struct word *words, unsigned count, char *room,
			  size_t size)
{
	size_t length = verb.length;

	memcpy(room, verb.at, length);
	for (unsigned i = 0; i < count; i++) {
		struct str word = words[i].text;

		if (words[i].is_quoted || length + word.length + 1 > size)
			return (struct str){ 0 };
		room[length++] = ' ';
		memcpy(room + length, word.at, word.length);
		length += word.length;
	}
	return (struct str){ room, length };
}

/* The most words that are the name of an object. */
static const struct reference *find_exact(struct str verb, const struct word *words, unsigned count,
					  unsigned *used)
{
	char room[HEAD_MAX];

	must(verb.length < sizeof(room));
	*used = count < OBJECT_WORDS_MAX ? count : OBJECT_WORDS_MAX;
	for (;; (*used)--) {
		struct str head = head_of(verb, words, *used, room, sizeof(room));
		const struct reference *command = head.length > 0 ? hash_get(&by_head, head) : NULL;

		if (command != NULL || *used == 0)
			return command;
	}
}

/* "enable feature" for "enable ns feature", "add ns netProfile" for "add netProfile". */
static const struct reference *find_beside_ns(struct str verb, const struct word *words,
					      unsigned count, unsigned *used)
{
	struct word with_ns[OBJECT_WORDS_MAX] = { { .text = STR("ns") } };
	unsigned copied = count < OBJECT_WORDS_MAX - 1 ? count : OBJECT_WORDS_MAX - 1;
	const struct reference *command;

	if (count > 1 && str_equal_nocase(words[0].text, STR("ns"))) {
		command = find_exact(verb, words + 1, count - 1, used);
		*used += 1;
		return command;
	}
	memcpy(with_ns + 1, words, copied * sizeof(*words));
	command = find_exact(verb, with_ns, copied + 1, used);
	if (command != NULL && *used < 2)
		return NULL;
	*used -= command != NULL;
	return command;
}

static const struct reference *find_by_beginning(struct str verb, const struct word *words,
						 unsigned count, unsigned *used,
						 struct text *others)
{
	const struct reference *best = NULL;
	unsigned found = 0;

	for (size_t i = 0; i < command_count; i++) {
		struct str object = commands[i].object;
		unsigned matched;

		if (commands[i].verb.at != verb.at)
			continue;
		matched = match_object(object, words, count);
		if (matched == 0 && str_starts(object, STR("ns ")))
			matched = match_object((struct str){ object.at + 3, object.length - 3 },
					       words, count);
		if (matched == 0)
			continue;
		name_another(others, commands[i].object);
		best = &commands[i];
		*used = matched;
		found++;
	}
	if (found == 1)
		text_cut(others, 0);
	return found == 1 ? best : NULL;
}

static struct str join(const struct word *words, unsigned count, char *joined, size_t room)
{
	size_t length = 0;

	for (unsigned i = 0; i < count; i++) {
		struct str word = words[i].text;

		if (length + word.length + 1 >= room)
			break;
		if (i > 0)
			joined[length++] = ' ';
		memcpy(joined + length, word.at, word.length);
		length += word.length;
	}
	return (struct str){ joined, length };
}

/* As many of the typed words as the object has are compared with it. */
static void name_nearest_object(struct str verb, const struct word *words, unsigned count,
				struct text *others)
{
	unsigned least = 4;
	struct str best = { 0 };
	char joined[64];

	for (size_t i = 0; i < command_count; i++) {
		struct str object = commands[i].object, rest = object;
		unsigned parts = 0, distance;

		if (commands[i].verb.at != verb.at)
			continue;
		for (; rest.length > 0; parts++)
			cut_before(rest, ' ', &rest);
		if (parts > count)
			continue;
		distance = str_distance(join(words, parts, joined, sizeof(joined)), object, least);
		if (distance < least && distance * 3 <= object.length) {
			least = distance;
			best = object;
		}
	}
	if (best.length > 0)
		name_another(others, best);
}

const struct reference *reference_find(struct str verb, const struct word *words, unsigned count,
				       unsigned *used, struct text *others)
{
	const struct reference *command;

	load();
	command = find_exact(verb, words, count, used);
	if (command == NULL && count > 0)
		command = find_beside_ns(verb, words, count, used);
	verb = one_spelling(verb);
	if (command == NULL)
		command = find_by_beginning(verb, words, count, used, others);
	if (command == NULL && others->length == 0)
		name_nearest_object(verb, words, count, others);
	return command;
}

const struct reference *reference_get(struct str verb, struct str object)
{
	struct word word = { .text = object };
	char room[HEAD_MAX];

	load();
	if (verb.length >= sizeof(room))
		return NULL;
	return hash_get(&by_head, head_of(verb, &word, object.length > 0, room, sizeof(room)));
}

const struct usage *reference_usage(const struct reference *reference)
{
	size_t index = (size_t)(reference - commands);
	struct usage *usage;

	must(index < command_count);
	if (usages[index] != NULL)
		return usages[index];
	if (usage_arena == NULL)
		usage_arena = arena_new();
	usage = usage_parse(reference->synopsis, usage_arena);
	if (reference->more.length > 0)
		usage_add(usage, reference->more, usage_arena);
	usages[index] = usage;
	return usage;
}

static bool read_number(struct str text, int64_t *number)
{
	bool is_negative = text.length > 0 && text.at[0] == '-';
	uint64_t plain;

	if (is_negative)
		text = (struct str){ text.at + 1, text.length - 1 };
	if (!str_to_number(text, INT64_MAX, &plain))
		return false;
	*number = is_negative ? -(int64_t)plain : (int64_t)plain;
	return true;
}

static bool read_range(struct str part, struct reference_argument *argument)
{
	const char *dots = memmem(part.at, part.length, "..", 2);

	if (dots == NULL)
		return false;
	argument->has_least = read_number((struct str){ part.at, (size_t)(dots - part.at) },
					  &argument->least);
	argument->has_most = read_number(
		(struct str){ dots + 2, (size_t)(part.at + part.length - dots - 2) },
		&argument->most);
	return true;
}

/* "name [A|B] [1..9] [=default]" */
static void read_argument(struct str rest, struct reference_argument *argument)
{
	while (rest.length > 0 && rest.at[0] != '=') {
		struct str part = cut_before(rest, ' ', &rest);

		if (!read_range(part, argument))
			argument->values = part;
	}
	if (rest.length > 0)
		argument->standard = (struct str){ rest.at + 1, rest.length - 1 };
}

bool reference_argument(const struct reference *reference, struct str name,
			struct reference_argument *argument)
{
	struct str lines = reference->arguments;

	*argument = (struct reference_argument){ .name = name };
	while (lines.length > 0) {
		struct str line = take_line(&lines), rest;

		line = str_trim(line);
		if (!str_equal_nocase(cut_before(line, ' ', &rest), name))
			continue;
		read_argument(rest, argument);
		return true;
	}
	return false;
}

bool reference_has_value(struct str values, struct str word)
{
	while (values.length > 0)
		if (str_equal_nocase(cut_before(values, '|', &values), word))
			return true;
	return false;
}
