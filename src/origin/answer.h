/* SPDX-License-Identifier: Apache-2.0
 * answer.h - an answer on its way to the client: a head, and content of any length from little
 * memory.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* What is to be said. */
struct answer_plan {
	int status;
	struct str name;    /* for X-Origin */
	struct str type;    /* Content-Type */
	uint64_t received;  /* for X-Received */
	struct str content; /* lives as long as the answer; at == NULL: a pattern of `size` bytes */
	uint64_t size;      /* of the content */
	bool is_chunked, has_trailer, closes;
	bool is_head; /* to HEAD: no content */
};

enum { ANSWER_HEAD_ROOM = 512, ANSWER_PARTS = 17 };

struct answer {
	char text[ANSWER_HEAD_ROOM]; /* head, or what frames the next chunk */
	size_t text_at, text_end;
	struct str content;
	uint64_t content_at, content_end; /* up to the end of the chunk */
	uint64_t size;
	bool is_chunked, has_trailer, is_last;
};

/* Once, before any thread that answers. */
void answer_prepare(void);
/* A name longer than 64 bytes is cut. */
void answer_begin(struct answer *answer, const struct answer_plan *plan);
/* Bytes as they are: a greeting, or a head of its own. At most ANSWER_HEAD_ROOM. */
void answer_begin_raw(struct answer *answer, struct str bytes);
bool answer_is_over(const struct answer *answer);
/* What to send next; at least one part while the answer is not over. */
int answer_parts(const struct answer *answer, struct iovec parts[ANSWER_PARTS]);
/* So many bytes of the parts were sent. */
void answer_sent(struct answer *answer, size_t bytes);

/* The byte at a place of the pattern. */
char answer_pattern(uint64_t at);
