/* SPDX-License-Identifier: Apache-2.0
 * talk.h - a conversation with a server as its protocol sees it: bytes that were heard, bytes to
 * say, a verdict. No I/O, so that every protocol is a plain function that a test can feed.
 */
#pragma once

#include "base/check.h"
#include "http/body.h"
#include "model/monitor_conf.h"
#include "monitor/capacity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TALK_HEARD_MAX = 16384,  /* that a protocol may leave unused at a time */
	TALK_TOTAL_MAX = 262144, /* of a whole conversation: an endless answer ends it */
	TALK_SAY_MAX = 8192,
	TALK_TEXT_MAX = 128
};

enum talk_verdict { TALK_MORE, TALK_GOOD, TALK_BAD };

/* Owner: who leads the conversation. Zero at its start but for the first group. */
struct talk {
	const struct monitor_conf *conf; /* borrowed */
	struct str request;              /* borrowed: what HTTP sends */
	uint64_t nonce;                  /* random; identifies our question */

	size_t total; /* bytes heard before those of this call */
	bool silence_is_good;
	struct capacity capacity; /* that the server told */
	char text[TALK_TEXT_MAX]; /* of the verdict, in words */
	/* The protocol's own. */
	unsigned step;
	size_t kept; /* bytes at the front of `heard` that were looked at before */
	struct body body;
	unsigned char scratch[64];
	/* To be said next: the leader takes it out. Last, and not zeroed. */
	size_t say_length;
	unsigned char say[TALK_SAY_MAX];
};

/* A protocol: one file, one row of the table in kinds.c. */
struct talk_protocol {
	bool is_datagram; /* each call gets one datagram */
	/* Called once at the start with nothing heard, then whenever more came and at the end
	 * (`is_over`: nothing more will come). `heard` is all that was not used before and may be
	 * changed in place. Says how much of it was used; what is left comes again with more. */
	enum talk_verdict (*turn)(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used);
};

static inline struct str talk_conf(const struct talk *talk, enum monitor_text text)
{
	return talk->conf->texts[text];
}

/* What does not fit is a bad end: false. */
bool talk_say(struct talk *talk, const void *bytes, size_t length);
bool talk_print(struct talk *talk, const char *format, ...) PRINTF(2, 3);
enum talk_verdict talk_good(struct talk *talk, const char *format, ...) PRINTF(2, 3);
enum talk_verdict talk_bad(struct talk *talk, const char *format, ...) PRINTF(2, 3);
/* The next whole line without its end; *used grows past it. False: there is none yet. */
bool talk_line(const char *heard, size_t length, size_t *used, struct str *line) MUST_USE;
/* Searches a stream for what -recv says: true when `heard` holds it; else *used leaves just enough
 * for a match across two reads. An empty -recv is found at once. So is -trofsstring beside it, and
 * then that is told, in words, too: see talk_is_trofs(). */
bool talk_search(struct talk *talk, const char *heard, size_t length, size_t *used) MUST_USE;
/* What the server told about its capacity is taken; a word that means down is a bad end: false. */
bool talk_tell(struct talk *talk, struct str words);
/* The server told that it wants no new clients, or that it does not say so any more. */
void talk_trofs(struct talk *talk, bool is_trofs);
static inline bool talk_is_trofs(const struct talk *talk)
{
	return talk->capacity.is_told && talk->capacity.state == CAPACITY_DRAIN;
}
/* Printable ASCII of at most 60 bytes of a server's text, for messages; good until the next call.
 */
const char *talk_plain(struct str text);

extern const struct talk_protocol tcp_ecv_protocol, udp_ecv_protocol, http_protocol,
	http_ecv_protocol, dns_protocol, dns_tcp_protocol, ftp_protocol, ftp_extended_protocol,
	smtp_protocol, pop3_protocol, nntp_protocol, ldap_protocol, radius_protocol, mysql_protocol,
	mysql_ecv_protocol, snmp_protocol, load_protocol, agent_protocol;
