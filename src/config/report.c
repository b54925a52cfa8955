/* SPDX-License-Identifier: Apache-2.0 */
#include "config/report.h"

#include "base/heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What an operator typed may hold line ends: a report has one line for each entry. */
static void flatten(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void add(struct report *report, enum report_level level, unsigned column, const char *format,
		va_list args)
{
	char *text = NULL;
	int length = vasprintf(&text, format, args);

	must(length >= 0);
	flatten(text);
	if (report->count == report->room) {
		report->room = report->room * 2 + 8;
		report->entries = heap_resized(report->entries,
					       report->room * sizeof(*report->entries));
		must(report->entries != NULL);
	}
	report->entries[report->count++] = (struct report_entry){ level, report->line, column,
								  text };
}

void report_fault(struct report *report, unsigned column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, REPORT_FAULT, column, format, args);
	va_end(args);
	report->faults++;
}

void report_warning(struct report *report, unsigned column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, REPORT_WARNING, column, format, args);
	va_end(args);
	report->warnings++;
}

void report_free(struct report *report)
{
	for (unsigned i = 0; i < report->count; i++)
		free(report->entries[i].text);
	free(report->entries);
	*report = REPORT_EMPTY;
}

static void print_words(const struct report_entry *entry, struct text *text)
{
	if (entry->level == REPORT_WARNING)
		text_add(text, STR("warning: "));
	text_add(text, str_of(entry->text));
}

void report_print_entry(const struct report_entry *entry, struct text *text)
{
	if (entry->line > 0)
		text_print(text, "line %u%s", entry->line, entry->column > 0 ? ", " : ": ");
	if (entry->column > 0)
		text_print(text, "column %u: ", entry->column);
	print_words(entry, text);
}

/* As compilers do, so that an editor can jump there. */
static void print_in_file(const struct report_entry *entry, const char *file, struct text *text)
{
	text_print(text, "%s:", file);
	if (entry->line > 0)
		text_print(text, "%u:", entry->line);
	if (entry->line > 0 && entry->column > 0)
		text_print(text, "%u:", entry->column);
	text_add(text, STR(" "));
	print_words(entry, text);
}

void report_print(const struct report *report, const char *file, struct text *text)
{
	for (unsigned i = 0; i < report->count; i++) {
		if (file != NULL)
			print_in_file(&report->entries[i], file, text);
		else
			report_print_entry(&report->entries[i], text);
		text_add(text, STR("\n"));
	}
}
