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

bool talk_search(const struct talk *talk, const char *heard, size_t length, size_t *used)
{
	struct str wanted = talk_conf(talk, MONITOR_TEXT_RECV);

	if (wanted.length == 0 || memmem(heard, length, wanted.at, wanted.length) != NULL)
		return true;
	if (length >= wanted.length)
		*used = length - (wanted.length - 1);
	return false;
}

bool talk_tell(struct talk *talk, struct str words)
{
	if (!capacity_parse(words, &talk->capacity) || talk->capacity.state < CAPACITY_DOWN)
		return true;
	(void)talk_bad(talk, "the server says %s", talk_plain(str_trim(words)));
	return false;
}
