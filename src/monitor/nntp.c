/* SPDX-License-Identifier: Apache-2.0
 * nntp.c - the monitor kind NNTP (RFC 3977): a greeting, with -userName a login (RFC 4643, 2.3),
 * with -group a newsgroup that is there.
 */
#include "monitor/reply.h"

enum { STEP_GREETING, STEP_USER, STEP_PASSWORD, STEP_GROUP };
enum { READY = 200, READY_NO_POST = 201, GROUP_IS = 211, LET_IN = 281, GO_ON = 381 };

static enum talk_verdict finish(struct talk *talk, const char *what)
{
	(void)talk_print(talk, "QUIT\r\n");
	return talk_good(talk, "%s", what);
}

static enum talk_verdict say(struct talk *talk, unsigned step, const char *word,
			     enum monitor_text text)
{
	talk->step = step;
	return talk_print(talk, "%s %.*s\r\n", word, STR_ARG(talk_conf(talk, text)))
		       ? TALK_MORE
		       : talk_bad(talk, "a name is too long");
}

static enum talk_verdict enter(struct talk *talk, const char *what)
{
	if (talk_conf(talk, MONITOR_TEXT_GROUP).length > 0)
		return say(talk, STEP_GROUP, "GROUP", MONITOR_TEXT_GROUP);
	return finish(talk, what);
}

static enum talk_verdict take(struct talk *talk, const struct reply *reply)
{
	switch (talk->step) {
	case STEP_GREETING:
		if (reply->code != READY && reply->code != READY_NO_POST)
			return reply_refuse(talk, reply, "200 or 201");
		if (talk_conf(talk, MONITOR_TEXT_USER_NAME).length > 0)
			return say(talk, STEP_USER, "AUTHINFO USER", MONITOR_TEXT_USER_NAME);
		return enter(talk, "greeted");
	case STEP_USER:
		if (reply->code == LET_IN)
			return enter(talk, "logged in");
		if (reply->code != GO_ON)
			return reply_refuse(talk, reply, "381");
		return say(talk, STEP_PASSWORD, "AUTHINFO PASS", MONITOR_TEXT_PASSWORD);
	case STEP_PASSWORD:
		return reply->code == LET_IN ? enter(talk, "logged in")
					     : reply_refuse(talk, reply, "281");
	default:
		return reply->code == GROUP_IS ? finish(talk, "the group is there")
					       : reply_refuse(talk, reply, "211");
	}
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	struct reply reply;
	enum reply_result result = reply_read(heard, length, used, &reply);

	(void)is_over;
	return result == REPLY_WHOLE ? take(talk, &reply) : reply_wait(talk, result);
}

const struct talk_protocol nntp_protocol = { .turn = turn };
