/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/reply.h"

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool read_code(struct str line, unsigned *code)
{
	if (line.length < 3 || !is_digit(line.at[0]) || !is_digit(line.at[1]) ||
	    !is_digit(line.at[2]))
		return false;
	*code = (unsigned)(line.at[0] - '0') * 100 + (unsigned)(line.at[1] - '0') * 10 +
		(unsigned)(line.at[2] - '0');
	return true;
}

/* Lines in the middle need no code (RFC 959): only the last one has one and no hyphen. */
enum reply_result reply_read(const char *heard, size_t length, size_t *used, struct reply *reply)
{
	size_t at = 0;
	struct str line;
	bool is_first = true;

	while (talk_line(heard, length, &at, &line)) {
		bool has_code = read_code(line, &reply->code);

		if (!has_code && is_first)
			return REPLY_BROKEN;
		is_first = false;
		if (!has_code || (line.length > 3 && line.at[3] == '-'))
			continue;
		reply->line = line;
		*used = at;
		return REPLY_WHOLE;
	}
	return length - at > REPLY_LINE_MAX ? REPLY_BROKEN : REPLY_MORE;
}

enum talk_verdict reply_refuse(struct talk *talk, const struct reply *reply, const char *expected)
{
	return talk_bad(talk, "the server says \"%s\", expected %s", talk_plain(reply->line),
			expected);
}

enum talk_verdict reply_wait(struct talk *talk, enum reply_result result)
{
	return result == REPLY_BROKEN ? talk_bad(talk, "the answer is no reply with a code")
				      : TALK_MORE;
}
