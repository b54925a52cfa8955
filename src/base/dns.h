/* SPDX-License-Identifier: Apache-2.0
 * dns.h - messages of the domain name system (RFC 1035, 4): a question, the records of an answer,
 * and the addresses in it. Bytes only, no I/O; nothing is read beyond the message.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_QUESTION_MAX = 300, DNS_ADDRESSES_MAX = 32 };
enum { DNS_TYPE_A = 1, DNS_TYPE_NS = 2, DNS_TYPE_SOA = 6, DNS_TYPE_AAAA = 28, DNS_CLASS_IN = 1 };
enum { DNS_FLAG_ANSWER = 0x8000, DNS_FLAG_TRUNCATED = 0x0200, DNS_CODE_MASK = 15 };

/* Bytes of the question for records of that type; "." is the root. 0: the name is none. */
size_t dns_question(struct str name, unsigned type, uint16_t id,
		    unsigned char question[DNS_QUESTION_MAX]) MUST_USE;

/* --- a message, from its begin ---------------------------------------------------------------- */

struct dns_reader {
	const unsigned char *bytes;
	size_t length, at;
};

struct dns_head {
	unsigned id, flags, questions, answers;
};

struct dns_record {
	unsigned type, class;
	uint32_t ttl_s;
	const unsigned char *data; /* borrowed, of the message */
	size_t size;
};

/* Each is false when the message is over before, or broken; then it is good for nothing more. Names
 * are skipped: their pointers are followed by nobody. */
bool dns_read_head(struct dns_reader *in, struct dns_head *head) MUST_USE;
bool dns_skip_question(struct dns_reader *in) MUST_USE;
bool dns_read_record(struct dns_reader *in, struct dns_record *record) MUST_USE;

/* --- addresses -------------------------------------------------------------------------------- */

enum dns_result {
	DNS_FOUND,
	DNS_TRUNCATED, /* there is more than came, over TCP; what came is in the answer */
	DNS_NOT_OURS,  /* another question's answer, or none: go on waiting */
	DNS_FAILED     /* `why` says it */
};

struct dns_answer {
	struct address addresses[DNS_ADDRESSES_MAX]; /* port 0 */
	unsigned count;
	uint32_t ttl_s;  /* the least of them */
	const char *why; /* of DNS_FAILED, in words */
};

/* The question for the addresses of a name; 0: the name is none. */
size_t dns_ask(struct str name, bool is_ipv6, uint16_t id,
	       unsigned char question[DNS_QUESTION_MAX]) MUST_USE;
/* `question` is what was asked: the answer must repeat it. Every address of the right type in the
 * answer counts, as a resolver sends those of the alias, too. */
enum dns_result dns_read(const unsigned char *bytes, size_t length, const unsigned char *question,
			 size_t question_length, struct dns_answer *answer) MUST_USE;
