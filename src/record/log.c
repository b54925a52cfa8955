/* SPDX-License-Identifier: Apache-2.0 */
#include "record/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Fixed before other threads start. */
static int log_fd = STDERR_FILENO;
static enum log_level log_most = LOG_LEVEL_INFO;
static uint64_t (*log_wall_ms)(void);

void log_open(int fd, enum log_level most, uint64_t (*wall_ms)(void))
{
	log_wall_ms = wall_ms;
	log_fd = fd;
	log_most = most;
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

size_t log_escape(struct str text, char *to, size_t room)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;

	must(room >= 8);
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (length + 4 + 4 > room) { /* one escaped byte more, or the mark and NUL */
			length += (size_t)snprintf(to + length, 4, "...");
			break;
		}
		if (is_plain(byte)) {
			to[length++] = (char)byte;
			continue;
		}
		to[length++] = '\\';
		to[length++] = 'x';
		to[length++] = digits[byte >> 4];
		to[length++] = digits[byte & 15];
	}
	to[length] = '\0';
	return length;
}

static size_t write_start(char *line, size_t room, enum log_level level)
{
	struct tm now;
	time_t seconds;

	if (log_wall_ms == NULL)
		return (size_t)snprintf(line, room, "<%d>", (int)level);
	seconds = (time_t)(log_wall_ms() / 1000);
	localtime_r(&seconds, &now);
	return strftime(line, room, "%F %T ", &now);
}

void log_write(enum log_level level, const char *format, ...)
{
	char said[LOG_LINE_MAX], line[LOG_LINE_MAX];
	va_list values;
	size_t length;
	int wanted;

	if (level > log_most)
		return;
	va_start(values, format);
	wanted = vsnprintf(said, sizeof(said), format, values);
	va_end(values);
	must(wanted >= 0);
	length = write_start(line, sizeof(line), level);
	length += log_escape(str_of(said), line + length, sizeof(line) - length - 1);
	line[length++] = '\n';
	/* A log that cannot be written is no reason to stop serving. */
	if (write(log_fd, line, length) < 0)
		return;
}
