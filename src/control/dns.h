/* SPDX-License-Identifier: Apache-2.0
 * dns.h - a question for the addresses of a name, and its answer (RFC 1035, 4): bytes only, no I/O.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_QUESTION_MAX = 300, DNS_ADDRESSES_MAX = 32 };

enum dns_result {
	DNS_FOUND,
	DNS_NOT_OURS, /* another question's answer, or none: go on waiting */
	DNS_FAILED    /* `why` says it */
};

struct dns_answer {
	struct address addresses[DNS_ADDRESSES_MAX]; /* port 0 */
	unsigned count;
	uint32_t ttl_s;  /* the least of them */
	const char *why; /* of DNS_FAILED, in words */
};

/* Bytes of the question; 0: the name is none. */
size_t dns_ask(struct str name, bool is_ipv6, uint16_t id,
	       unsigned char question[DNS_QUESTION_MAX]) MUST_USE;
/* `question` is what was asked: the answer must repeat it. Names are followed by nobody: every
 * address of the right type in the answer counts, as a resolver sends those of the alias, too. */
enum dns_result dns_read(const unsigned char *bytes, size_t length, const unsigned char *question,
			 size_t question_length, struct dns_answer *answer) MUST_USE;
