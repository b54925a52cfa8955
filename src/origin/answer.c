/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/answer.h"

#include "http/head.h"

#include <inttypes.h>
#include <stdio.h>

enum { CHUNK_MAX = 16384, NAME_MAX_SENT = 64, PATTERN_LENGTH = 64, PATTERN_ROOM = 65536 };

static const char pattern_letters[] =
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-\n";
static char pattern[PATTERN_ROOM];

void answer_prepare(void)
{
	if (pattern[0] != '\0')
		return;
	for (size_t i = 0; i < PATTERN_ROOM; i++)
		pattern[i] = answer_pattern(i);
}

char answer_pattern(uint64_t at)
{
	return pattern_letters[at % PATTERN_LENGTH];
}

/* Frames the next chunk, or the end of them. */
static void frame_chunk(struct answer *answer)
{
	uint64_t left = answer->size - answer->content_at;
	uint64_t length = left < CHUNK_MAX ? left : CHUNK_MAX;
	char *to = answer->text + answer->text_end;

	answer->content_end = answer->content_at + length;
	if (length > 0) {
		answer->text_end += head_write_chunk(to, length);
		return;
	}
	answer->is_last = true;

	const char *end = answer->has_trailer ? "0\r\nX-Trailer: yes\r\n\r\n" : "0\r\n\r\n";

	memcpy(to, end, strlen(end));
	answer->text_end += strlen(end);
}

static void frame_next_chunk(struct answer *answer)
{
	memcpy(answer->text, "\r\n", 2);
	answer->text_at = 0;
	answer->text_end = 2;
	frame_chunk(answer);
}

static size_t print_head(const struct answer_plan *plan, char to[ANSWER_HEAD_ROOM])
{
	int name_length = (int)(plan->name.length < NAME_MAX_SENT ? plan->name.length
								  : NAME_MAX_SENT);
	bool has_content = plan->status != 204 && plan->status != 304;
	char framing[64] = "";
	int length;

	if (has_content && plan->is_chunked)
		(void)snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n%s",
			       plan->has_trailer ? "Trailer: X-Trailer\r\n" : "");
	else if (has_content)
		(void)snprintf(framing, sizeof(framing), "Content-Length: %" PRIu64 "\r\n",
			       plan->size);
	length = snprintf(to, ANSWER_HEAD_ROOM,
			  "HTTP/1.1 %d %s\r\nX-Origin: %.*s\r\nX-Received: %" PRIu64 "\r\n"
			  "Content-Type: %.*s\r\n%s%s\r\n",
			  plan->status, head_reason(plan->status), name_length, plan->name.at,
			  plan->received, STR_ARG(plan->type), framing,
			  plan->closes ? "Connection: close\r\n" : "");
	must(length > 0 && length < ANSWER_HEAD_ROOM - HEAD_CHUNK_ROOM);
	return (size_t)length;
}

void answer_begin(struct answer *answer, const struct answer_plan *plan)
{
	bool has_content = !plan->is_head && plan->status != 204 && plan->status != 304;

	answer->text_at = 0;
	answer->text_end = print_head(plan, answer->text);
	answer->content = plan->content;
	answer->content_at = answer->content_end = 0;
	answer->size = has_content ? plan->size : 0;
	answer->is_chunked = has_content && plan->is_chunked;
	answer->has_trailer = plan->has_trailer;
	answer->is_last = !answer->is_chunked;
	if (answer->is_chunked)
		frame_chunk(answer);
	else
		answer->content_end = answer->size;
}

void answer_begin_raw(struct answer *answer, struct str bytes)
{
	must(bytes.length <= ANSWER_HEAD_ROOM);
	if (bytes.length > 0)
		memcpy(answer->text, bytes.at, bytes.length);
	answer->text_at = 0;
	answer->text_end = bytes.length;
	answer->content_at = answer->content_end = answer->size = 0;
	answer->is_last = true;
}

bool answer_is_over(const struct answer *answer)
{
	return answer->is_last && answer->text_at == answer->text_end &&
	       answer->content_at == answer->content_end;
}

/* The patterns begin at any place of theirs and go on from their start. */
static int pattern_parts(uint64_t at, uint64_t end, struct iovec parts[], int room)
{
	int count = 0;

	while (at < end && count < room) {
		size_t place = at % PATTERN_ROOM, length = PATTERN_ROOM - place;

		if (length > end - at)
			length = end - at;
		parts[count++] = (struct iovec){ pattern + place, length };
		at += length;
	}
	return count;
}

int answer_parts(const struct answer *answer, struct iovec parts[ANSWER_PARTS])
{
	int count = 0;

	if (answer->text_at < answer->text_end)
		parts[count++] = (struct iovec){ (char *)(uintptr_t)answer->text + answer->text_at,
						 answer->text_end - answer->text_at };
	if (answer->content_at == answer->content_end)
		return count;
	if (answer->content.at == NULL)
		return count + pattern_parts(answer->content_at, answer->content_end, parts + count,
					     ANSWER_PARTS - count);
	parts[count++] = (struct iovec){ (char *)(uintptr_t)answer->content.at + answer->content_at,
					 answer->content_end - answer->content_at };
	return count;
}

void answer_sent(struct answer *answer, size_t bytes)
{
	size_t text = answer->text_end - answer->text_at;

	if (text > bytes)
		text = bytes;
	answer->text_at += text;
	answer->content_at += bytes - text;
	must(answer->content_at <= answer->content_end);
	if (answer->text_at == answer->text_end && answer->content_at == answer->content_end &&
	    !answer->is_last)
		frame_next_chunk(answer);
}
