/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/ear.h"

#include <string.h>

void ear_init(struct ear *ear, const struct talk_protocol *protocol,
	      const struct monitor_conf *conf)
{
	memset(&ear->talk, 0, offsetof(struct talk, say));
	ear->talk.conf = conf;
	ear->talk.say_length = 0;
	ear->protocol = protocol;
	ear->length = 0;
}

size_t ear_room(struct ear *ear, char **to)
{
	size_t room = sizeof(ear->heard) - ear->length;

	*to = ear->heard + ear->length;
	if (ear->talk.total > TALK_TOTAL_MAX)
		room = 0;
	if (room == 0)
		(void)talk_bad(&ear->talk, "the answer is too long");
	return room;
}

static enum talk_verdict turn(struct ear *ear, bool is_over, size_t *used)
{
	enum talk_verdict verdict;

	*used = 0;
	verdict = ear->protocol->turn(&ear->talk, ear->heard, ear->length, is_over, used);
	must(*used <= ear->length);
	ear->talk.total += *used;
	ear->length -= *used;
	memmove(ear->heard, ear->heard + *used, ear->length);
	return verdict;
}

enum talk_verdict ear_hear(struct ear *ear, size_t count, bool is_over)
{
	enum talk_verdict verdict;
	size_t used;

	must(count <= sizeof(ear->heard) - ear->length);
	ear->length += count;
	do
		verdict = turn(ear, is_over, &used);
	while (verdict == TALK_MORE && used > 0 && ear->length > 0);
	if (verdict != TALK_MORE)
		return verdict;
	if (ear->protocol->is_datagram)
		ear->length = 0;
	return is_over ? talk_bad(&ear->talk, "connection closed before the answer was whole")
		       : TALK_MORE;
}
