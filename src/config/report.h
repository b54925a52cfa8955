/* SPDX-License-Identifier: Apache-2.0
 * report.h - what is wrong with a command or a file, every fault with its place, in plain words.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "base/text.h"

#include <stdbool.h>

enum report_level {
	REPORT_FAULT,  /* the command was not applied */
	REPORT_WARNING /* it was, but does not do all that it says */
};

struct report_entry {
	enum report_level level;
	unsigned line;   /* from 1; 0: not from a file */
	unsigned column; /* from 1; 0: the whole line */
	char *text;      /* owned */
};

/* Owner: the caller. */
struct report {
	struct report_entry *entries; /* owned */
	unsigned count, room;
	unsigned faults, warnings;
	unsigned line; /* the place of what is added next */
};

#define REPORT_EMPTY ((struct report){ 0 })

void report_free(struct report *report); /* empty again afterwards */
void report_fault(struct report *report, unsigned column, const char *format, ...) PRINTF(3, 4);
void report_warning(struct report *report, unsigned column, const char *format, ...) PRINTF(3, 4);

/* "line 12, column 20: unknown option -soTreshold: did you mean -soThreshold?", with "warning: "
 * before the words of a warning; without a place when there is none. No line end. */
void report_print_entry(const struct report_entry *entry, struct text *text);
/* All entries, a line each; with a file "a.conf:12:20: unknown option ...". NULL: no file. */
void report_print(const struct report *report, const char *file, struct text *text);
