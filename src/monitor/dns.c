/* SPDX-License-Identifier: Apache-2.0
 * dns.c - the monitor kinds DNS and DNS-TCP (RFC 1035): a question, and an answer without an error
 * that has the records asked for and, with -IPAddress, one of those addresses.
 *
 * Without -query the root's name servers are asked for, and any answer that fits is well.
 */
#include "monitor/talk.h"

#include "base/address.h"
#include "base/dns.h"

#include <string.h>

static unsigned question_type(const struct talk *talk)
{
	struct str type = talk_conf(talk, MONITOR_TEXT_QUERY_TYPE);

	if (talk_conf(talk, MONITOR_TEXT_QUERY).length == 0)
		return DNS_TYPE_NS;
	if (str_equal_nocase(type, STR("AAAA")))
		return DNS_TYPE_AAAA;
	return str_equal_nocase(type, STR("Zone")) ? DNS_TYPE_SOA : DNS_TYPE_A;
}

static enum talk_verdict ask(struct talk *talk, bool is_tcp)
{
	struct str query = talk_conf(talk, MONITOR_TEXT_QUERY);
	unsigned char question[DNS_QUESTION_MAX], size[2];
	size_t length = dns_question(query.length > 0 ? query : STR("."), question_type(talk),
				     (uint16_t)talk->nonce, question);

	talk->step = 1;
	if (length == 0)
		return talk_bad(talk, "-query is no domain name");
	size[0] = (unsigned char)(length >> 8);
	size[1] = (unsigned char)length;
	if (is_tcp)
		(void)talk_say(talk, size, sizeof(size));
	(void)talk_say(talk, question, length);
	return TALK_MORE;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Whether the data is one of the addresses of -IPAddress; without them each is. */
static bool is_wanted(const struct talk *talk, unsigned type, const unsigned char *data,
		      size_t length)
{
	struct str rest = talk_conf(talk, MONITOR_TEXT_ADDRESSES);
	struct address address;

	if (rest.length == 0)
		return true;
	while (rest.length > 0) {
		const char *blank = memchr(rest.at, ' ', rest.length);
		size_t word = blank != NULL ? (size_t)(blank - rest.at) : rest.length;
		size_t over = word + (blank != NULL);

		if (address_parse((struct str){ rest.at, word }, 0, &address)) {
			if (type == DNS_TYPE_A && length == 4 && address.any.sa_family == AF_INET &&
			    memcmp(&address.v4.sin_addr, data, 4) == 0)
				return true;
			if (type == DNS_TYPE_AAAA && length == 16 &&
			    address.any.sa_family == AF_INET6 &&
			    memcmp(&address.v6.sin6_addr, data, 16) == 0)
				return true;
		}
		rest = (struct str){ rest.at + over, rest.length - over };
	}
	return false;
}

/* How many records of our type, and how many of those are wanted; false: broken. */
static bool count_records(const struct talk *talk, struct dns_reader *in, unsigned answers,
			  unsigned *fitting, unsigned *wanted)
{
	struct dns_record record;

	*fitting = *wanted = 0;
	for (unsigned i = 0; i < answers; i++) {
		if (!dns_read_record(in, &record))
			return false;
		if (record.type != question_type(talk))
			continue;
		(*fitting)++;
		*wanted += is_wanted(talk, record.type, record.data, record.size);
	}
	return true;
}

static enum talk_verdict judge_records(struct talk *talk, struct dns_reader *in, unsigned answers)
{
	unsigned fitting, wanted;

	if (!count_records(talk, in, answers, &fitting, &wanted))
		return talk_bad(talk, "the answer is not DNS");
	if (talk_conf(talk, MONITOR_TEXT_QUERY).length == 0)
		return talk_good(talk, "answered");
	if (fitting == 0)
		return talk_bad(talk, "the answer has no record of the type asked for");
	if (wanted == 0)
		return talk_bad(talk, "the answer has none of the expected addresses");
	return talk_good(talk, "%u records", fitting);
}

static enum talk_verdict judge(struct talk *talk, const char *bytes, size_t length)
{
	static const char *const codes[] = { "no error", "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };
	struct dns_reader in = { (const unsigned char *)bytes, length, 0 };
	struct dns_head head;
	unsigned code;

	if (!dns_read_head(&in, &head) || !(head.flags & DNS_FLAG_ANSWER))
		return talk_bad(talk, "the answer is not DNS");
	if (head.id != (talk->nonce & 0xffff))
		return TALK_MORE; /* not to us */
	code = head.flags & DNS_CODE_MASK;
	if (code != 0 && talk_conf(talk, MONITOR_TEXT_QUERY).length > 0)
		return code < 6 ? talk_bad(talk, "DNS error %s", codes[code])
				: talk_bad(talk, "DNS error %u", code);
	for (unsigned i = 0; i < head.questions; i++)
		if (!dns_skip_question(&in))
			return talk_bad(talk, "the answer is not DNS");
	return judge_records(talk, &in, head.answers);
}

static enum talk_verdict turn_udp(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	(void)is_over;
	(void)used;
	return talk->step == 0 ? ask(talk, false) : judge(talk, heard, length);
}

static enum talk_verdict turn_tcp(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	const unsigned char *bytes = (const unsigned char *)heard;
	size_t size;

	(void)is_over;
	if (talk->step == 0)
		return ask(talk, true);
	if (length < 2)
		return TALK_MORE;
	size = (size_t)bytes[0] << 8 | bytes[1];
	if (size > TALK_HEARD_MAX - 2)
		return talk_bad(talk, "the answer is too long");
	if (length - 2 < size)
		return TALK_MORE;
	*used = size + 2;
	return judge(talk, heard + 2, size);
}

const struct talk_protocol dns_protocol = { .is_datagram = true, .turn = turn_udp };
const struct talk_protocol dns_tcp_protocol = { .turn = turn_tcp };
