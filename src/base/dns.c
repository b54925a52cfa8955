/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dns.h"

#include <string.h>

enum { HEAD = 12, LABEL_MAX = 63, NAME_MAX_BYTES = 255 };

/* "a.b." to labels. */
static size_t write_name(struct str name, unsigned char *to)
{
	size_t out = 0;

	if (str_equal(name, STR("."))) {
		to[0] = 0;
		return 1;
	}
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

size_t dns_question(struct str name, unsigned type, uint16_t id,
		    unsigned char question[DNS_QUESTION_MAX])
{
	const unsigned char head[HEAD] = {
		(unsigned char)(id >> 8), (unsigned char)id, 1, 0, 0, 1
	};
	const unsigned char tail[4] = { (unsigned char)(type >> 8), (unsigned char)type, 0,
					DNS_CLASS_IN };
	size_t length = write_name(name, question + HEAD);

	if (length == 0)
		return 0;
	memcpy(question, head, HEAD);
	memcpy(question + HEAD + length, tail, sizeof(tail));
	return HEAD + length + sizeof(tail);
}

size_t dns_ask(struct str name, bool is_ipv6, uint16_t id, unsigned char question[DNS_QUESTION_MAX])
{
	if (str_equal(name, STR(".")))
		return 0;
	return dns_question(name, is_ipv6 ? DNS_TYPE_AAAA : DNS_TYPE_A, id, question);
}

/* --- a message -------------------------------------------------------------------------------- */

static size_t left(const struct dns_reader *in)
{
	return in->length > in->at ? in->length - in->at : 0;
}

static bool take(struct dns_reader *in, unsigned bytes, uint32_t *number)
{
	if (left(in) < bytes)
		return false;
	*number = 0;
	for (unsigned i = 0; i < bytes; i++)
		*number = *number << 8 | in->bytes[in->at++];
	return true;
}

static bool skip(struct dns_reader *in, size_t bytes)
{
	if (left(in) < bytes)
		return false;
	in->at += bytes;
	return true;
}

static bool skip_name(struct dns_reader *in)
{
	uint32_t label;

	while (take(in, 1, &label)) {
		if (label == 0)
			return true;
		if ((label & 0xc0) == 0xc0)
			return skip(in, 1);
		if (label > LABEL_MAX || !skip(in, label))
			return false;
	}
	return false;
}

bool dns_read_head(struct dns_reader *in, struct dns_head *head)
{
	uint32_t id, flags, questions, answers;

	if (!take(in, 2, &id) || !take(in, 2, &flags) || !take(in, 2, &questions) ||
	    !take(in, 2, &answers) || !skip(in, 4))
		return false;
	*head = (struct dns_head){ id, flags, questions, answers };
	return true;
}

bool dns_skip_question(struct dns_reader *in)
{
	return skip_name(in) && skip(in, 4);
}

bool dns_read_record(struct dns_reader *in, struct dns_record *record)
{
	uint32_t type, class, size;

	if (!skip_name(in) || !take(in, 2, &type) || !take(in, 2, &class) ||
	    !take(in, 4, &record->ttl_s) || !take(in, 2, &size) || left(in) < size)
		return false;
	record->type = type;
	record->class = class;
	record->data = in->bytes + in->at;
	record->size = size;
	in->at += size;
	return true;
}

/* --- addresses -------------------------------------------------------------------------------- */

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

static bool read_addresses(struct dns_reader *in, unsigned count, bool is_ipv6,
			   struct dns_answer *answer)
{
	struct dns_record record;

	for (unsigned i = 0; i < count; i++) {
		if (!dns_read_record(in, &record))
			return false;
		if (record.class == DNS_CLASS_IN &&
		    ((is_ipv6 && record.type == DNS_TYPE_AAAA && record.size == 16) ||
		     (!is_ipv6 && record.type == DNS_TYPE_A && record.size == 4)))
			add_address(answer, is_ipv6, record.data, record.ttl_s);
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
	bool is_ipv6 = question_length > HEAD && question[question_length - 3] == DNS_TYPE_AAAA;
	struct dns_reader in = { bytes, length, 0 };
	struct dns_head head;
	unsigned code;

	*answer = (struct dns_answer){ 0 };
	if (!is_ours(bytes, length, question, question_length) || !dns_read_head(&in, &head) ||
	    !(head.flags & DNS_FLAG_ANSWER))
		return DNS_NOT_OURS;
	code = head.flags & DNS_CODE_MASK;
	if (code != 0)
		return fail(answer, code < 6 ? codes[code] : "the name server said an error");
	in.at = question_length;
	if (!read_addresses(&in, head.answers, is_ipv6, answer) &&
	    !(head.flags & DNS_FLAG_TRUNCATED))
		return fail(answer, "the answer of the name server is broken");
	if (head.flags & DNS_FLAG_TRUNCATED)
		return DNS_TRUNCATED;
	return answer->count > 0 ? DNS_FOUND : fail(answer, codes[0]);
}
