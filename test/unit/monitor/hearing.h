/* SPDX-License-Identifier: Apache-2.0
 * hearing.h - a protocol and what it is told, without a socket: whole, or byte by byte.
 */
#pragma once

#include "monitor/ear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct hearing {
	struct monitor_conf conf;
	struct ear ear;
	char said[TALK_SAY_MAX]; /* since the last call of hearing_said() */
	size_t said_length;
	enum talk_verdict verdict;
};

static inline void hearing_turn(struct hearing *on, size_t count, bool is_over)
{
	struct talk *talk = &on->ear.talk;

	on->verdict = ear_hear(&on->ear, count, is_over);
	must(talk->say_length <= sizeof(on->said) - on->said_length);
	memcpy(on->said + on->said_length, talk->say, talk->say_length);
	on->said_length += talk->say_length;
	talk->say_length = 0;
}

/* A fresh conversation with the same settings. */
static inline void hearing_begin(struct hearing *on, const struct talk_protocol *protocol)
{
	ear_init(&on->ear, protocol, &on->conf);
	on->ear.talk.request = STR("GET / HTTP/1.1\r\n\r\n");
	on->ear.talk.nonce = 0x1234;
	on->said_length = 0;
	hearing_turn(on, 0, false);
}

static inline void hearing_of(struct hearing *on)
{
	on->conf = monitor_conf_default();
}

static inline void hearing_set(struct hearing *on, enum monitor_text text, const char *value)
{
	on->conf.texts[text] = str_of(value);
}

static inline void hearing_bytes(struct hearing *on, const char *bytes, size_t length)
{
	char *to;

	if (on->verdict != TALK_MORE)
		return;
	must(length <= ear_room(&on->ear, &to));
	if (length > 0)
		memcpy(to, bytes, length);
	hearing_turn(on, length, false);
}

/* Each byte comes alone. */
static inline void hearing_slowly(struct hearing *on, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hearing_bytes(on, bytes + i, 1);
}

static inline void hearing_hears(struct hearing *on, const char *text)
{
	hearing_slowly(on, text, strlen(text));
}

static inline void hearing_over(struct hearing *on)
{
	if (on->verdict == TALK_MORE)
		hearing_turn(on, 0, true);
}

static inline const char *hearing_said(struct hearing *on)
{
	on->said[on->said_length < sizeof(on->said) ? on->said_length : sizeof(on->said) - 1] =
		'\0';
	on->said_length = 0;
	return on->said;
}

static inline void hearing_is(const struct hearing *on, enum talk_verdict verdict, const char *text)
{
	if (on->verdict != TALK_MORE)
		assert_string_equal(on->ear.talk.text, text);
	assert_int_equal(on->verdict, verdict);
}
