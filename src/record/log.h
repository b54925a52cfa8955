/* SPDX-License-Identifier: Apache-2.0
 * log.h - lines for the operator on standard error.
 *
 * One write(2) a line, so that lines of several threads do not mix. Bytes that could steer a
 * terminal or begin a line of their own are written as \xNN. With the date and time in front, or
 * with a "<N>" priority as systemd reads it. Engines tell control instead, where they can.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* As syslog counts. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

enum { LOG_LINE_MAX = 2048 }; /* bytes; longer ones are cut and end with "..." */

/* Before other threads start. Lines to `fd`, those up to `most`; `wall_ms` is asked for the time;
 * NULL: priorities instead. When it is not called: standard error, INFO, priorities. */
void log_open(int fd, enum log_level most, uint64_t (*wall_ms)(void));
void log_write(enum log_level level, const char *format, ...) PRINTF(2, 3);

/* `text` with control bytes, backslashes and bytes above 126 written as \xNN, cut to fit; ends with
 * NUL. Returns the length. room is at least 8. */
size_t log_escape(struct str text, char *to, size_t room);
