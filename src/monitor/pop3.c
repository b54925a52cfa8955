/* SPDX-License-Identifier: Apache-2.0
 * pop3.c - the monitor kind POP3 (RFC 1939): a greeting, and with -userName a login.
 */
#include "monitor/talk.h"

enum { STEP_GREETING, STEP_USER, STEP_PASSWORD, LINE_MAX_BYTES = 2048 };

static enum talk_verdict finish(struct talk *talk, const char *what)
{
	(void)talk_print(talk, "QUIT\r\n");
	return talk_good(talk, "%s", what);
}

static enum talk_verdict say(struct talk *talk, const char *word, enum monitor_text text)
{
	talk->step++;
	return talk_print(talk, "%s %.*s\r\n", word, STR_ARG(talk_conf(talk, text)))
		       ? TALK_MORE
		       : talk_bad(talk, "a name is too long");
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	struct str line;

	(void)is_over;
	if (!talk_line(heard, length, used, &line))
		return length > LINE_MAX_BYTES ? talk_bad(talk, "the answer is not POP3")
					       : TALK_MORE;
	if (!str_starts(line, STR("+OK")))
		return talk_bad(talk, "the server says \"%s\", expected +OK", talk_plain(line));
	switch (talk->step) {
	case STEP_GREETING:
		if (talk_conf(talk, MONITOR_TEXT_USER_NAME).length == 0)
			return finish(talk, "greeted");
		return say(talk, "USER", MONITOR_TEXT_USER_NAME);
	case STEP_USER:
		return say(talk, "PASS", MONITOR_TEXT_PASSWORD);
	default:
		return finish(talk, "logged in");
	}
}

const struct talk_protocol pop3_protocol = { .turn = turn };
