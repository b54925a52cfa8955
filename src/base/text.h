/* SPDX-License-Identifier: Apache-2.0
 * text.h - text that grows while it is written: answers, saved configurations, log lines.
 *
 * For the control plane: without memory it aborts.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *at; /* owned; NUL-terminated once something was added */
	size_t length, room;
};

#define TEXT_EMPTY ((struct text){ 0 })

void text_free(struct text *text); /* empty again afterwards */
void text_add(struct text *text, struct str more);
void text_print(struct text *text, const char *format, ...) PRINTF(2, 3);
void text_cut(struct text *text, size_t length); /* at most what is there */

static inline struct str text_str(const struct text *text)
{
	return (struct str){ text->at, text->length };
}
