/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM_LEAST = 128 };

void text_free(struct text *text)
{
	free(text->at);
	*text = TEXT_EMPTY;
}

/* Room for `more` bytes and a NUL. */
static void reserve(struct text *text, size_t more)
{
	size_t need = text->length + more + 1;
	size_t room = text->room * 2 > ROOM_LEAST ? text->room * 2 : ROOM_LEAST;

	must(need > more);
	if (need <= text->room)
		return;
	text->room = room > need ? room : need;
	text->at = heap_resized(text->at, text->room);
	must(text->at != NULL);
}

void text_add(struct text *text, struct str more)
{
	reserve(text, more.length);
	if (more.length > 0)
		memcpy(text->at + text->length, more.at, more.length);
	text->length += more.length;
	text->at[text->length] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	must(length >= 0);
	reserve(text, (size_t)length);
	va_start(values, format);
	vsnprintf(text->at + text->length, (size_t)length + 1, format, values);
	va_end(values);
	text->length += (size_t)length;
}

void text_cut(struct text *text, size_t length)
{
	if (length >= text->length)
		return;
	text->length = length;
	text->at[length] = '\0';
}
