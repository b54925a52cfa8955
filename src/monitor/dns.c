/* SPDX-License-Identifier: Apache-2.0
 * dns.c - the monitor kinds DNS and DNS-TCP (RFC 1035): a question, and an answer without an error
 * that has the records asked for and, with -IPAddress, one of those addresses.
 *
 * Without -query the root's name servers are asked for, and any answer that fits is well.
 */
#include "monitor/talk.h"

#include "base/address.h"

#include <string.h>

enum { HEAD = 12, TYPE_A = 1, TYPE_NS = 2, TYPE_SOA = 6, TYPE_AAAA = 28, CLASS_IN = 1 };

static unsigned question_type(const struct talk *talk)
{
	struct str type = talk_conf(talk, MONITOR_TEXT_QUERY_TYPE);

	if (talk_conf(talk, MONITOR_TEXT_QUERY).length == 0)
		return TYPE_NS;
	if (str_equal_nocase(type, STR("AAAA")))
		return TYPE_AAAA;
	return str_equal_nocase(type, STR("Zone")) ? TYPE_SOA : TYPE_A;
}

/* "a.b." to labels; returns bytes, 0 when it is no name. */
static size_t write_name(struct str name, unsigned char to[256])
{
	size_t out = 0;

	while (name.length > 0 && !str_equal(name, STR("."))) {
		const char *dot = memchr(name.at, '.', name.length);
		size_t label = dot != NULL ? (size_t)(dot - name.at) : name.length;
		size_t skip = label + (dot != NULL);

		if (label == 0 || label > 63 || out + label + 2 > 255)
			return 0;
		to[out++] = (unsigned char)label;
		memcpy(to + out, name.at, label);
		out += label;
		name = (struct str){ name.at + skip, name.length - skip };
	}
	to[out++] = 0;
	return out;
}

static enum talk_verdict ask(struct talk *talk, bool is_tcp)
{
	unsigned char name[256];
	size_t length = write_name(talk_conf(talk, MONITOR_TEXT_QUERY), name);
	unsigned type = question_type(talk);
	unsigned char size[2] = { (unsigned char)((HEAD + length + 4) >> 8),
				  (unsigned char)(HEAD + length + 4) };
	unsigned char head[HEAD] = {
		(unsigned char)(talk->nonce >> 8), (unsigned char)talk->nonce, 1, 0, 0, 1
	};
	unsigned char tail[4] = { 0, (unsigned char)type, 0, CLASS_IN };

	talk->step = 1;
	if (length == 0)
		return talk_bad(talk, "-query is no domain name");
	if (is_tcp)
		(void)talk_say(talk, size, sizeof(size));
	(void)talk_say(talk, head, sizeof(head));
	(void)talk_say(talk, name, length);
	(void)talk_say(talk, tail, sizeof(tail));
	return TALK_MORE;
}

/* --- the answer ------------------------------------------------------------------------------- */

struct reader {
	const unsigned char *bytes;
	size_t length, at;
};

static bool take16(struct reader *in, unsigned *number)
{
	if (in->length - in->at < 2)
		return false;
	*number = (unsigned)in->bytes[in->at] << 8 | in->bytes[in->at + 1];
	in->at += 2;
	return true;
}

/* A name is not followed through its pointers: nothing here depends on what it says. */
static bool skip_name(struct reader *in)
{
	while (in->at < in->length) {
		unsigned label = in->bytes[in->at++];

		if (label == 0)
			return true;
		if ((label & 0xc0) == 0xc0)
			return in->at++ < in->length;
		if (label > 63 || in->length - in->at < label)
			return false;
		in->at += label;
	}
	return false;
}

static bool skip(struct reader *in, size_t bytes)
{
	if (in->length - in->at < bytes)
		return false;
	in->at += bytes;
	return true;
}

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
			if (type == TYPE_A && length == 4 && address.any.sa_family == AF_INET &&
			    memcmp(&address.v4.sin_addr, data, 4) == 0)
				return true;
			if (type == TYPE_AAAA && length == 16 &&
			    address.any.sa_family == AF_INET6 &&
			    memcmp(&address.v6.sin6_addr, data, 16) == 0)
				return true;
		}
		rest = (struct str){ rest.at + over, rest.length - over };
	}
	return false;
}

/* How many records of our type, and how many of those are wanted; false: broken. */
static bool count_records(const struct talk *talk, struct reader *in, unsigned answers,
			  unsigned *fitting, unsigned *wanted)
{
	unsigned type, size;

	*fitting = *wanted = 0;
	for (unsigned i = 0; i < answers; i++) {
		if (!skip_name(in) || !take16(in, &type) || !skip(in, 6) || !take16(in, &size) ||
		    in->length - in->at < size)
			return false;
		if (type == question_type(talk)) {
			(*fitting)++;
			*wanted += is_wanted(talk, type, in->bytes + in->at, size);
		}
		in->at += size;
	}
	return true;
}

static enum talk_verdict judge_records(struct talk *talk, struct reader *in, unsigned answers)
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
	struct reader in = { (const unsigned char *)bytes, length, 0 };
	unsigned id, flags, questions, answers, code;

	if (!take16(&in, &id) || !take16(&in, &flags) || !take16(&in, &questions) ||
	    !take16(&in, &answers) || !skip(&in, 4) || !(flags & 0x8000))
		return talk_bad(talk, "the answer is not DNS");
	if (id != (talk->nonce & 0xffff))
		return TALK_MORE; /* not to us */
	code = flags & 15;
	if (code != 0 && talk_conf(talk, MONITOR_TEXT_QUERY).length > 0)
		return code < 6 ? talk_bad(talk, "DNS error %s", codes[code])
				: talk_bad(talk, "DNS error %u", code);
	for (unsigned i = 0; i < questions; i++)
		if (!skip_name(&in) || !skip(&in, 4))
			return talk_bad(talk, "the answer is not DNS");
	return judge_records(talk, &in, answers);
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
