/* SPDX-License-Identifier: Apache-2.0
 * smtp.c - the monitor kind SMTP (RFC 5321): a greeting, and an answer to EHLO.
 */
#include "monitor/reply.h"

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	struct str domain = talk_conf(talk, MONITOR_TEXT_DOMAIN);
	struct reply reply;
	enum reply_result result = reply_read(heard, length, used, &reply);

	(void)is_over;
	if (result != REPLY_WHOLE)
		return reply_wait(talk, result);
	if (domain.length == 0)
		domain = STR("spillway");
	if (talk->step == 0) {
		if (reply.code != 220)
			return reply_refuse(talk, &reply, "220");
		talk->step = 1;
		return talk_print(talk, "EHLO %.*s\r\n", STR_ARG(domain))
			       ? TALK_MORE
			       : talk_bad(talk, "-domain is too long");
	}
	(void)talk_print(talk, "QUIT\r\n");
	return reply.code == 250 ? talk_good(talk, "greeted") : reply_refuse(talk, &reply, "250");
}

const struct talk_protocol smtp_protocol = { .turn = turn };
