/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/talk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool talk_say(struct talk *talk, const void *bytes, size_t length)
{
	if (length > sizeof(talk->say) - talk->say_length)
		return false;
	if (length > 0)
		memcpy(talk->say + talk->say_length, bytes, length);
	talk->say_length += length;
	return true;
}

bool talk_print(struct talk *talk, const char *format, ...)
{
	size_t room = sizeof(talk->say) - talk->say_length;
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf((char *)talk->say + talk->say_length, room, format, values);
	va_end(values);
	must(length >= 0);
	if ((size_t)length >= room)
		return false;
	talk->say_length += (size_t)length;
	return true;
}

enum talk_verdict talk_good(struct talk *talk, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(talk->text, sizeof(talk->text), format, values);
	va_end(values);
	return TALK_GOOD;
}

enum talk_verdict talk_bad(struct talk *talk, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(talk->text, sizeof(talk->text), format, values);
	va_end(values);
	return TALK_BAD;
}

bool talk_line(const char *heard, size_t length, size_t *used, struct str *line)
{
	const char *start = heard + *used;
	const char *end = *used < length ? memchr(start, '\n', length - *used) : NULL;

	if (end == NULL)
		return false;
	*used += (size_t)(end - start) + 1;
	if (end > start && end[-1] == '\r')
		end--;
	*line = (struct str){ start, (size_t)(end - start) };
	return true;
}

const char *talk_plain(struct str text)
{
	static _Thread_local char plain[61];
	size_t length = text.length < sizeof(plain) - 1 ? text.length : sizeof(plain) - 1;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		plain[i] = (char)(byte >= ' ' && byte < 0x7f ? byte : '.');
	}
	plain[length] = '\0';
	return plain;
}

static bool holds(const char *heard, size_t length, struct str wanted)
{
	return wanted.length > 0 && memmem(heard, length, wanted.at, wanted.length) != NULL;
}

void talk_trofs(struct talk *talk, bool is_trofs)
{
	talk->capacity = (struct capacity){ .is_told = true,
					    .state = is_trofs ? CAPACITY_DRAIN : CAPACITY_UP };
}

bool talk_search(struct talk *talk, const char *heard, size_t length, size_t *used)
{
	struct str wanted = talk_conf(talk, MONITOR_TEXT_RECV);
	struct str trofs = talk_conf(talk, MONITOR_TEXT_TROFS_STRING);
	size_t longest = wanted.length > trofs.length ? wanted.length : trofs.length;
	bool is_found = wanted.length == 0 || holds(heard, length, wanted);
	bool is_trofs = !is_found && holds(heard, length, trofs);

	if (trofs.length > 0 && (is_found || is_trofs))
		talk_trofs(talk, is_trofs);
	if (is_trofs)
		(void)talk_good(talk, "the answer holds \"%s\", -trofsstring: no new clients",
				talk_plain(trofs));
	if (!is_found && !is_trofs && length >= longest)
		*used = length - (longest - 1);
	return is_found || is_trofs;
}

bool talk_tell(struct talk *talk, struct str words)
{
	if (!capacity_parse(words, &talk->capacity) || talk->capacity.state < CAPACITY_DOWN)
		return true;
	(void)talk_bad(talk, "the server says %s", talk_plain(str_trim(words)));
	return false;
}
