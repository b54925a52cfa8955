/* SPDX-License-Identifier: Apache-2.0 */
#include "main/prompt.h"

#include "config/complete.h"

#include <histedit.h>
#include <stdio.h>
#include <wchar.h>

enum { HISTORY_LINES = 500, HELP_WIDTH = 28, HELP_LENGTH = 70 };

/* Owner: this process. One lives at a time. */
struct prompt {
	const struct prompt_host *host;
	EditLine *line;
	History *history;
	struct arena *arena; /* of the completion at hand */
	struct complete complete;
};

static char *prompt_text(EditLine *line)
{
	static char text[] = "> ";

	(void)line;
	return text;
}

static struct prompt *prompt_of(EditLine *line)
{
	void *prompt = NULL;

	el_get(line, EL_CLIENTDATA, &prompt);
	return prompt;
}

/* --- what may be typed ------------------------------------------------------------------------ */

static unsigned count_lines(struct str text)
{
	unsigned count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.at[i] == '\n';
	return count;
}

/* The appliance knows what there is. */
static unsigned names_of(void *context, enum kind_id kind, const struct str **names)
{
	struct prompt *prompt = context;
	struct text answer = TEXT_EMPTY;
	struct str all = arena_print(prompt->arena, "show names %s\n", kinds[kind]->object), *name;
	unsigned count = 0;

	if (!prompt->host->ask(prompt->host->context, all, &answer))
		text_cut(&answer, 0);
	all = arena_copy(prompt->arena, text_str(&answer));
	text_free(&answer);
	name = arena_many(prompt->arena, struct str, count_lines(all) + 1);
	*names = name;
	for (size_t from = 0, at = 0; at < all.length; at++) {
		if (all.at[at] != '\n')
			continue;
		name[count++] = (struct str){ all.at + from, at - from };
		from = at + 1;
	}
	return count;
}

static void look(struct prompt *prompt)
{
	const struct complete_names names = { prompt, names_of };
	const LineInfo *line = el_line(prompt->line);

	prompt->arena = arena_new();
	complete_line((struct str){ line->buffer, (size_t)(line->cursor - line->buffer) }, &names,
		      prompt->arena, &prompt->complete);
}

static void look_away(struct prompt *prompt)
{
	arena_free(prompt->arena);
	prompt->arena = NULL;
}

static void print_help(const struct complete *complete)
{
	printf("\n");
	for (unsigned i = 0; i < complete->count; i++) {
		struct str text = complete->items[i].text, help = complete->items[i].help;
		bool is_long = help.length > HELP_LENGTH;

		if (help.length == 0)
			printf("  %.*s\n", STR_ARG(text));
		else
			printf("  %-*.*s  %.*s%s\n", HELP_WIDTH, STR_ARG(text),
			       is_long ? HELP_LENGTH : (int)help.length, help.at,
			       is_long ? "..." : "");
	}
	if (complete->is_cut)
		printf("  ...\n");
	if (complete->hint.length > 0)
		printf("  <%.*s>\n", STR_ARG(complete->hint));
	fflush(stdout);
}

static void print_items(const struct complete *complete)
{
	printf("\n");
	for (unsigned i = 0; i < complete->count; i++)
		printf("%.*s%s", STR_ARG(complete->items[i].text),
		       i + 1 < complete->count ? "  " : "\n");
	if (complete->is_cut)
		printf("...\n");
	if (complete->hint.length > 0)
		printf("<%.*s>\n", STR_ARG(complete->hint));
	fflush(stdout);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* In place of the word that is typed. */
static void put(struct prompt *prompt, struct str text, bool is_whole)
{
	struct str word = arena_print(prompt->arena, "%.*s%s", STR_ARG(text), is_whole ? " " : "");

	if (prompt->complete.word.length > 0)
		el_deletestr(prompt->line, (int)prompt->complete.word.length);
	el_insertstr(prompt->line, word.at);
}

static unsigned char complete_word(struct prompt *prompt)
{
	const struct complete *complete = &prompt->complete;
	size_t common = complete_common(complete);

	if (complete->count == 1) {
		put(prompt, complete->items[0].text, true);
		return CC_REFRESH;
	}
	if (complete->count > 1 && common > complete->word.length) {
		put(prompt, (struct str){ complete->items[0].text.at, common }, false);
		return CC_REFRESH;
	}
	if (complete->count == 0 && complete->hint.length == 0)
		return CC_REFRESH_BEEP;
	print_items(complete);
	return CC_REDISPLAY;
}

static unsigned char on_tab(EditLine *line, wint_t key)
{
	struct prompt *prompt = prompt_of(line);
	unsigned char done;

	(void)key;
	look(prompt);
	done = complete_word(prompt);
	look_away(prompt);
	return done;
}

/* Where nothing can be told it is a character like others: in quotes, in an address of the web. */
static unsigned char on_question(EditLine *line, wint_t key)
{
	struct prompt *prompt = prompt_of(line);
	bool is_told;

	(void)key;
	look(prompt);
	is_told = prompt->complete.count > 0 ||
		  (prompt->complete.hint.length > 0 && prompt->complete.word.length == 0);
	if (is_told)
		print_help(&prompt->complete);
	else
		el_insertstr(line, "?");
	look_away(prompt);
	return is_told ? CC_REDISPLAY : CC_REFRESH;
}

/* --- the prompt ------------------------------------------------------------------------------- */

static void set_keys(EditLine *line)
{
	el_set(line, EL_EDITOR, "emacs");
	/* The narrow call would copy the texts and never free them. */
	el_wset(line, EL_ADDFN, L"spillway-complete", L"completes the word", on_tab);
	el_wset(line, EL_ADDFN, L"spillway-help", L"what may follow", on_question);
	el_set(line, EL_BIND, "^I", "spillway-complete", NULL);
	el_set(line, EL_BIND, "?", "spillway-help", NULL);
	el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	/* Ctrl-C is a key while a line is typed, and ends us while an answer is awaited. */
	el_set(line, EL_SETTY, "-d", "-isig", NULL);
	el_set(line, EL_BIND, "^C", "em-kill-line", NULL);
}

static bool set_up(struct prompt *prompt)
{
	HistEvent event;

	prompt->line = el_init("spillway", stdin, stdout, stderr);
	if (prompt->line == NULL)
		return false;
	prompt->history = history_init();
	must(prompt->history != NULL);
	history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	el_set(prompt->line, EL_CLIENTDATA, prompt);
	el_set(prompt->line, EL_PROMPT, prompt_text);
	el_set(prompt->line, EL_HIST, history, prompt->history);
	set_keys(prompt->line);
	return true;
}

static void run_lines(struct prompt *prompt)
{
	bool goes_on = true;

	while (goes_on) {
		int length = 0;
		const char *line;
		struct str text;
		HistEvent event;

		/* Before the prompt is seen, so that Ctrl-C and Ctrl-D are keys from then on. */
		el_set(prompt->line, EL_PREP_TERM, 1);
		line = el_gets(prompt->line, &length);
		text = (struct str){ line, line != NULL && length > 0 ? (size_t)length : 0 };
		if (text.length == 0) {
			printf("\n");
			break;
		}
		if (text.at[text.length - 1] != '\n')
			break; /* the terminal went away within a line */
		if (text.length > 1)
			history(prompt->history, &event, H_ENTER, line);
		goes_on = prompt->host->run(prompt->host->context, text);
	}
}

void prompt_run(const struct prompt_host *host)
{
	struct prompt prompt = { .host = host };

	if (!set_up(&prompt))
		return;
	run_lines(&prompt);
	el_end(prompt.line);
	history_end(prompt.history);
}
