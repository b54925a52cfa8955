/* SPDX-License-Identifier: Apache-2.0
 * agent.c - the monitor kind AGENT: a server's own word, a line of capacity.h on a TCP port.
 */
#include "monitor/talk.h"

static enum talk_verdict judge(struct talk *talk, struct str line)
{
	if (!talk_tell(talk, line))
		return TALK_BAD;
	if (!talk->capacity.is_told)
		return talk_bad(talk, "the agent says \"%s\"", talk_plain(line));
	return talk_good(talk, "the agent says %s", talk_plain(str_trim(line)));
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	struct str send = talk_conf(talk, MONITOR_TEXT_SEND), line;

	if (talk->step == 0) {
		talk->step = 1;
		return talk_say(talk, send.at, send.length) ? TALK_MORE
							    : talk_bad(talk, "-send is too long");
	}
	if (talk_line(heard, length, used, &line))
		return judge(talk, line);
	if (length > 1024)
		return talk_bad(talk, "the agent's line is too long");
	return is_over && length > 0 ? judge(talk, (struct str){ heard, length }) : TALK_MORE;
}

const struct talk_protocol agent_protocol = { .turn = turn };
