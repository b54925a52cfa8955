/* SPDX-License-Identifier: Apache-2.0 */
#include "control/dns.h"

#include <string.h>

enum { HEAD = 12, TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1, LABEL_MAX = 63, NAME_MAX_BYTES = 255 };
enum { FLAG_ANSWER = 0x8000, FLAG_TRUNCATED = 0x0200, CODE_MASK = 15 };

static size_t write_name(struct str name, unsigned char *to)
{
	size_t out = 0;

	if (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	while (name.length > 0) {
		const char *dot = memchr(name.at, '.', name.length);
		size_t label = dot != NULL ? (size_t)(dot - name.at) : name.length;
		size_t skip = label + (dot != NULL);

		if (label == 0 || label > LABEL_MAX || out + label + 2 > NAME_MAX_BYTES)
			return 0;
		to[out++] = (unsigned char)label;
		memcpy(to + out, name.at, label);
		out += label;
		name = (struct str){ name.at + skip, name.length - skip };
	}
	if (out > 0)
		to[out++] = 0;
	return out;
}

size_t dns_ask(struct str name, bool is_ipv6, uint16_t id, unsigned char question[DNS_QUESTION_MAX])
{
	const unsigned char head[HEAD] = {
		(unsigned char)(id >> 8), (unsigned char)id, 1, 0, 0, 1
	};
	const unsigned char tail[4] = { 0, is_ipv6 ? TYPE_AAAA : TYPE_A, 0, CLASS_IN };
	size_t length = write_name(name, question + HEAD);

	if (length == 0)
		return 0;
	memcpy(question, head, HEAD);
	memcpy(question + HEAD + length, tail, sizeof(tail));
	return HEAD + length + sizeof(tail);
}

/* --- the answer ------------------------------------------------------------------------------- */

struct reader {
	const unsigned char *bytes;
	size_t length, at;
};

static bool take(struct reader *in, unsigned bytes, uint32_t *number)
{
	if (in->length - in->at < bytes)
		return false;
	*number = 0;
	for (unsigned i = 0; i < bytes; i++)
		*number = *number << 8 | in->bytes[in->at++];
	return true;
}

static bool skip_name(struct reader *in)
{
	while (in->at < in->length) {
		unsigned label = in->bytes[in->at++];

		if (label == 0)
			return true;
		if ((label & 0xc0) == 0xc0)
			return in->at++ < in->length;
		if (label > LABEL_MAX || in->length - in->at < label)
			return false;
		in->at += label;
	}
	return false;
}

static unsigned char lower(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 32) : byte;
}

/* The number, and the question behind the head, whatever the case of its letters. */
static bool is_ours(const unsigned char *bytes, size_t length, const unsigned char *question,
		    size_t question_length)
{
	if (length < question_length || question_length < HEAD || memcmp(bytes, question, 2) != 0 ||
	    bytes[4] != 0 || bytes[5] != 1)
		return false;
	for (size_t i = HEAD; i < question_length; i++)
		if (lower(bytes[i]) != lower(question[i]))
			return false;
	return true;
}

static void add_address(struct dns_answer *answer, bool is_ipv6, const unsigned char *data,
			uint32_t ttl_s)
{
	struct address *address = &answer->addresses[answer->count];

	if (answer->count == DNS_ADDRESSES_MAX)
		return;
	memset(address, 0, sizeof(*address));
	if (is_ipv6) {
		address->v6.sin6_family = AF_INET6;
		memcpy(&address->v6.sin6_addr, data, 16);
	} else {
		address->v4.sin_family = AF_INET;
		memcpy(&address->v4.sin_addr, data, 4);
	}
	if (answer->count++ == 0 || ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
}

static bool read_records(struct reader *in, uint32_t count, bool is_ipv6, struct dns_answer *answer)
{
	uint32_t type, class, ttl_s, size;

	for (uint32_t i = 0; i < count; i++) {
		if (!skip_name(in) || !take(in, 2, &type) || !take(in, 2, &class) ||
		    !take(in, 4, &ttl_s) || !take(in, 2, &size) || in->length - in->at < size)
			return false;
		if (class == CLASS_IN && ((is_ipv6 && type == TYPE_AAAA && size == 16) ||
					  (!is_ipv6 && type == TYPE_A && size == 4)))
			add_address(answer, is_ipv6, in->bytes + in->at, ttl_s);
		in->at += size;
	}
	return true;
}

static enum dns_result fail(struct dns_answer *answer, const char *why)
{
	answer->why = why;
	return DNS_FAILED;
}

enum dns_result dns_read(const unsigned char *bytes, size_t length, const unsigned char *question,
			 size_t question_length, struct dns_answer *answer)
{
	static const char *const codes[] = { "no such address",
					     "the name server did not understand (FORMERR)",
					     "the name server failed (SERVFAIL)",
					     "no such name (NXDOMAIN)",
					     "the name server cannot do that (NOTIMP)",
					     "the name server refused (REFUSED)" };
	struct reader in = { bytes, length, 2 };
	uint32_t flags = 0, questions = 0, answers = 0;
	bool is_ipv6 = question_length > HEAD && question[question_length - 3] == TYPE_AAAA;

	*answer = (struct dns_answer){ 0 };
	if (!is_ours(bytes, length, question, question_length) || !take(&in, 2, &flags) ||
	    !take(&in, 2, &questions) || !take(&in, 2, &answers) || !(flags & FLAG_ANSWER))
		return DNS_NOT_OURS;
	if ((flags & CODE_MASK) != 0)
		return fail(answer, (flags & CODE_MASK) < 6 ? codes[flags & CODE_MASK]
							    : "the name server said an error");
	in.at = question_length;
	if (!read_records(&in, answers, is_ipv6, answer) && !(flags & FLAG_TRUNCATED))
		return fail(answer, "the answer of the name server is broken");
	return answer->count > 0 ? DNS_FOUND : fail(answer, codes[0]);
}
