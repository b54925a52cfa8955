/* SPDX-License-Identifier: Apache-2.0
 * hearing.h - a protocol and what it is told, without a socket: whole, or byte by byte.
 */
#pragma once

#include "monitor/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct hearing {
	struct monitor_conf conf;
	const struct talk_protocol *protocol;
	struct talk talk;
	char heard[TALK_HEARD_MAX];
	size_t length;
	char said[TALK_SAY_MAX]; /* since the last call of hearing_said() */
	size_t said_length;
	enum talk_verdict verdict;
};

static inline void hearing_turn(struct hearing *on, bool is_over)
{
	size_t used;

	do {
		used = 0;
		on->verdict = on->protocol->turn(&on->talk, on->heard, on->length, is_over, &used);
		must(used <= on->length);
		on->talk.total += used;
		on->length -= used;
		memmove(on->heard, on->heard + used, on->length);
	} while (on->verdict == TALK_MORE && used > 0 && on->length > 0);
	if (on->protocol->is_datagram)
		on->length = 0;
	must(on->talk.say_length <= sizeof(on->said) - on->said_length);
	memcpy(on->said + on->said_length, on->talk.say, on->talk.say_length);
	on->said_length += on->talk.say_length;
	on->talk.say_length = 0;
}

/* A fresh conversation with the same settings. */
static inline void hearing_begin(struct hearing *on, const struct talk_protocol *protocol)
{
	memset(&on->talk, 0, offsetof(struct talk, say));
	on->talk.conf = &on->conf;
	on->talk.request = STR("GET / HTTP/1.1\r\n\r\n");
	on->talk.nonce = 0x1234;
	on->protocol = protocol;
	on->length = on->said_length = 0;
	hearing_turn(on, false);
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
	if (on->verdict != TALK_MORE)
		return;
	must(length <= sizeof(on->heard) - on->length);
	memcpy(on->heard + on->length, bytes, length);
	on->length += length;
	hearing_turn(on, false);
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
		hearing_turn(on, true);
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
		assert_string_equal(on->talk.text, text);
	assert_int_equal(on->verdict, verdict);
}
