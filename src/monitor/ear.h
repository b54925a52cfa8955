/* SPDX-License-Identifier: Apache-2.0
 * ear.h - a conversation and what was heard in it but not used yet: lets the protocol have every
 * piece as it comes, until its verdict. No I/O: who leads the conversation brings the bytes
 * (exchange.c over a socket; tests and the fuzzer from memory).
 *
 * Bounded: at most TALK_HEARD_MAX bytes wait for more, at most TALK_TOTAL_MAX in all are heard; a
 * server that says more has a bad end.
 */
#pragma once

#include "base/check.h"
#include "monitor/talk.h"

#include <stdbool.h>
#include <stddef.h>

/* Owner: who leads the conversation. Large: not for the stack. */
struct ear {
	const struct talk_protocol *protocol;
	struct talk talk;
	size_t length; /* of heard */
	char heard[TALK_HEARD_MAX];
};

/* Nothing heard yet; conf and protocol are borrowed. The caller sets talk.request and talk.nonce
 * where they matter, then has the first turn with ear_hear(ear, 0, false). */
void ear_init(struct ear *ear, const struct talk_protocol *protocol,
	      const struct monitor_conf *conf);
/* Where the next bytes go, and how many of them. 0: talk.text says that the answer is too long. */
size_t ear_room(struct ear *ear, char **to);
/* `count` bytes were put there (of a datagram: all of it). `is_over`: nothing more will come.
 * TALK_MORE: talk.say is to be said and more to be heard; never when it is over. */
enum talk_verdict ear_hear(struct ear *ear, size_t count, bool is_over) MUST_USE;
