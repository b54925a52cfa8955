/* SPDX-License-Identifier: Apache-2.0
 * reply.h - the numbered replies of FTP and SMTP (RFC 959, 4.2; RFC 5321, 4.2): three digits and a
 * text, over several lines while a hyphen follows the digits.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "monitor/talk.h"

enum reply_result { REPLY_MORE, REPLY_WHOLE, REPLY_BROKEN };

struct reply {
	unsigned code;
	struct str line; /* the last one */
};

enum { REPLY_LINE_MAX = 2048 };

/* Takes lines until a reply is whole. */
enum reply_result reply_read(const char *heard, size_t length, size_t *used,
			     struct reply *reply) MUST_USE;
/* "server says 530 Login incorrect, expected 230" */
enum talk_verdict reply_refuse(struct talk *talk, const struct reply *reply, const char *expected);
/* Of a reply that is not whole yet. */
enum talk_verdict reply_wait(struct talk *talk, enum reply_result result);
