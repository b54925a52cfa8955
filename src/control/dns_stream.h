/* SPDX-License-Identifier: Apache-2.0
 * dns_stream.h - one question to a name server over TCP (RFC 1035, 4.2.2; RFC 7766), for answers
 * that are too long for a datagram. On control's loop; the caller has the patience.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stddef.h>

/* Owner: control. Lies in who asks, whose memory must outlive the turn in which it stops. */
struct dns_stream {
	struct loop *loop;             /* borrowed */
	struct watch watch;            /* fd -1: nothing is asked */
	const unsigned char *question; /* borrowed while it is asked */
	size_t question_length;
	bool is_said;
	unsigned char *heard; /* owned while it is asked */
	size_t heard_length;
	/* Once for each start, after it has stopped, unless the caller stopped it: the message,
	 * borrowed for the call, or NULL: there is none. */
	void (*over)(struct dns_stream *stream, const unsigned char *bytes, size_t length);
};

void dns_stream_init(struct dns_stream *stream, struct loop *loop,
		     void (*over)(struct dns_stream *stream, const unsigned char *bytes,
				  size_t length));
/* 0 or -errno: then over() is not called. */
int dns_stream_start(struct dns_stream *stream, const struct address *to,
		     const unsigned char *question, size_t question_length) MUST_USE;
void dns_stream_stop(struct dns_stream *stream); /* also when nothing is asked */

static inline bool dns_stream_is_on(const struct dns_stream *stream)
{
	return stream->watch.fd >= 0;
}
