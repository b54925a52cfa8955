/* SPDX-License-Identifier: Apache-2.0
 * ftp.c - the monitor kinds FTP and FTP-EXTENDED (RFC 959): a greeting, with -userName a login,
 * with -fileName a file that is there (RFC 3659, 4).
 */
#include "monitor/reply.h"

enum { STEP_GREETING, STEP_USER, STEP_PASSWORD, STEP_FILE };

static enum talk_verdict no_room(struct talk *talk)
{
	return talk_bad(talk, "a name is too long");
}

static enum talk_verdict finish(struct talk *talk, const char *what)
{
	(void)talk_print(talk, "QUIT\r\n");
	return talk_good(talk, "%s", what);
}

static enum talk_verdict enter(struct talk *talk, bool is_extended)
{
	struct str file = talk_conf(talk, MONITOR_TEXT_FILE_NAME);

	if (!is_extended || file.length == 0)
		return finish(talk, "logged in");
	talk->step = STEP_FILE;
	return talk_print(talk, "SIZE %.*s\r\n", STR_ARG(file)) ? TALK_MORE : no_room(talk);
}

static enum talk_verdict greet(struct talk *talk, const struct reply *reply)
{
	struct str user = talk_conf(talk, MONITOR_TEXT_USER_NAME);

	if (reply->code == 120) /* ready in some minutes */
		return TALK_MORE;
	if (reply->code != 220)
		return reply_refuse(talk, reply, "220");
	if (user.length == 0)
		return finish(talk, "greeted");
	talk->step = STEP_USER;
	return talk_print(talk, "USER %.*s\r\n", STR_ARG(user)) ? TALK_MORE : no_room(talk);
}

static enum talk_verdict take(struct talk *talk, const struct reply *reply, bool is_extended)
{
	switch (talk->step) {
	case STEP_GREETING:
		return greet(talk, reply);
	case STEP_USER:
		if (reply->code == 230)
			return enter(talk, is_extended);
		if (reply->code != 331)
			return reply_refuse(talk, reply, "331");
		talk->step = STEP_PASSWORD;
		return talk_print(talk, "PASS %.*s\r\n",
				  STR_ARG(talk_conf(talk, MONITOR_TEXT_PASSWORD)))
			       ? TALK_MORE
			       : no_room(talk);
	case STEP_PASSWORD:
		return reply->code == 230 || reply->code == 202 ? enter(talk, is_extended)
								: reply_refuse(talk, reply, "230");
	default:
		return reply->code == 213 ? finish(talk, "the file is there")
					  : reply_refuse(talk, reply, "213");
	}
}

static enum talk_verdict turn(struct talk *talk, const char *heard, size_t length, size_t *used,
			      bool is_extended)
{
	struct reply reply;
	enum reply_result result = reply_read(heard, length, used, &reply);

	return result == REPLY_WHOLE ? take(talk, &reply, is_extended) : reply_wait(talk, result);
}

static enum talk_verdict turn_ftp(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	(void)is_over;
	return turn(talk, heard, length, used, false);
}

static enum talk_verdict turn_extended(struct talk *talk, char *heard, size_t length, bool is_over,
				       size_t *used)
{
	(void)is_over;
	return turn(talk, heard, length, used, true);
}

const struct talk_protocol ftp_protocol = { .turn = turn_ftp };
const struct talk_protocol ftp_extended_protocol = { .turn = turn_extended };
