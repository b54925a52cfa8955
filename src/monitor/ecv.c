/* SPDX-License-Identifier: Apache-2.0
 * ecv.c - the monitor kinds TCP-ECV and UDP-ECV: bytes are sent, and the answer must hold a text.
 *
 * Without -recv, TCP is well once connected, and UDP unless the host says that nobody listens.
 */
#include "monitor/talk.h"

static bool begin(struct talk *talk)
{
	struct str send = talk_conf(talk, MONITOR_TEXT_SEND);

	talk->step = 1;
	return talk_say(talk, send.at, send.length);
}

static enum talk_verdict found(struct talk *talk)
{
	if (talk_is_trofs(talk))
		return TALK_GOOD;
	return talk_good(talk, "the answer holds \"%s\"",
			 talk_plain(talk_conf(talk, MONITOR_TEXT_RECV)));
}

static enum talk_verdict missed(struct talk *talk)
{
	return talk_bad(talk, "the answer does not hold \"%s\"",
			talk_plain(talk_conf(talk, MONITOR_TEXT_RECV)));
}

static enum talk_verdict turn_tcp(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	if (talk->step == 0) {
		if (!begin(talk))
			return talk_bad(talk, "-send is too long");
		return talk_conf(talk, MONITOR_TEXT_RECV).length == 0 ? talk_good(talk, "connected")
								      : TALK_MORE;
	}
	if (talk_search(talk, heard, length, used))
		return found(talk);
	return is_over ? missed(talk) : TALK_MORE;
}

static enum talk_verdict turn_udp(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	(void)is_over;
	if (talk->step == 0) {
		talk->silence_is_good = talk_conf(talk, MONITOR_TEXT_RECV).length == 0;
		return begin(talk) ? TALK_MORE : talk_bad(talk, "-send is too long");
	}
	if (talk->silence_is_good)
		return talk_good(talk, "answered");
	return talk_search(talk, heard, length, used) ? found(talk) : missed(talk);
}

const struct talk_protocol tcp_ecv_protocol = { .turn = turn_tcp };
const struct talk_protocol udp_ecv_protocol = { .is_datagram = true, .turn = turn_udp };
