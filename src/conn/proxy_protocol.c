/* SPDX-License-Identifier: Apache-2.0 */
#include "conn/proxy_protocol.h"

#include <string.h>

enum {
	HEAD_BYTES = 16, /* of version 2, before the addresses */
	LINE_MAX = 107,  /* of version 1, with its CR LF */
	TLV_HEAD_BYTES = 3,
	TYPE_TRAIL = 0xE4,
	VERSION_2 = 0x20,
	COMMAND_LOCAL = 0,
	COMMAND_PROXY = 1,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	TCP4_BYTES = 12,
	TCP6_BYTES = 36
};

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

/* --- version 2 --- */

static unsigned read16(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static void read_v4(struct address *address, const char *host, const char *port)
{
	memset(address, 0, sizeof(*address));
	address->v4.sin_family = AF_INET;
	memcpy(&address->v4.sin_addr, host, 4);
	memcpy(&address->v4.sin_port, port, 2);
}

static void read_v6(struct address *address, const char *host, const char *port)
{
	memset(address, 0, sizeof(*address));
	address->v6.sin6_family = AF_INET6;
	memcpy(&address->v6.sin6_addr, host, 16);
	memcpy(&address->v6.sin6_port, port, 2);
}

/* The bytes of addresses at the begin of `rest`, or -1: they do not fit. Families that we do not
 * know (UNIX, UDP, unspecified) are passed over: nothing of such a rest is read. */
static int read_addresses(unsigned family, struct str rest, struct proxy_protocol *header)
{
	if (family == FAMILY_TCP4) {
		if (rest.length < TCP4_BYTES)
			return -1;
		read_v4(&header->source, rest.at, rest.at + 8);
		read_v4(&header->destination, rest.at + 4, rest.at + 10);
		header->has_addresses = true;
		return TCP4_BYTES;
	}
	if (family == FAMILY_TCP6) {
		if (rest.length < TCP6_BYTES)
			return -1;
		read_v6(&header->source, rest.at, rest.at + 32);
		read_v6(&header->destination, rest.at + 16, rest.at + 34);
		header->has_addresses = true;
		return TCP6_BYTES;
	}
	return (int)rest.length;
}

/* One that is longer than ours can be has come too far: the newest are kept, and it is full. */
static bool read_trail(struct str value, struct trail *trail)
{
	size_t count = value.length / 4, first = count > TRAIL_MAX ? count - TRAIL_MAX : 0;

	*trail = (struct trail){ 0 };
	for (size_t i = first; i < count; i++) {
		const char *at = value.at + 4 * i;

		(void)trail_add(trail, (uint32_t)read16(at) << 16 | read16(at + 2));
	}
	return value.length % 4 == 0;
}

static bool read_tlvs(struct str rest, struct trail *trail)
{
	while (rest.length >= TLV_HEAD_BYTES) {
		struct str value = { rest.at + TLV_HEAD_BYTES, read16(rest.at + 1) };

		if (value.length > rest.length - TLV_HEAD_BYTES)
			return false;
		if ((unsigned char)rest.at[0] == TYPE_TRAIL && !read_trail(value, trail))
			return false;
		rest.at += TLV_HEAD_BYTES + value.length;
		rest.length -= TLV_HEAD_BYTES + value.length;
	}
	return rest.length == 0;
}

static bool read_proxy(unsigned family, struct str rest, struct proxy_protocol *header)
{
	int bytes = read_addresses(family, rest, header);

	if (bytes < 0)
		return false;
	rest.at += bytes;
	rest.length -= (size_t)bytes;
	return read_tlvs(rest, &header->trail);
}

static bool is_version_2(struct str bytes)
{
	unsigned byte = (unsigned char)bytes.at[12];

	return (byte & 0xF0) == VERSION_2 && (byte & 15) <= COMMAND_PROXY;
}

static enum proxy_protocol_result read_binary(struct str bytes, struct proxy_protocol *header,
					      size_t *length)
{
	struct str rest;

	if (bytes.length > sizeof(signature) && !is_version_2(bytes))
		return PROXY_PROTOCOL_BAD;
	if (bytes.length < HEAD_BYTES)
		return PROXY_PROTOCOL_MORE;
	*length = HEAD_BYTES + read16(bytes.at + 14);
	if (*length > PROXY_PROTOCOL_READ_MAX)
		return PROXY_PROTOCOL_BAD;
	if (bytes.length < *length)
		return PROXY_PROTOCOL_MORE;
	if (((unsigned char)bytes.at[12] & 15) == COMMAND_LOCAL)
		return PROXY_PROTOCOL_OK;
	rest = (struct str){ bytes.at + HEAD_BYTES, *length - HEAD_BYTES };
	return read_proxy((unsigned char)bytes.at[13], rest, header) ? PROXY_PROTOCOL_OK
								     : PROXY_PROTOCOL_BAD;
}

/* --- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n" --- */

/* Up to the next blank; the blank is taken too. */
static struct str next_word(struct str *line)
{
	const char *blank = memchr(line->at, ' ', line->length);
	size_t length = blank != NULL ? (size_t)(blank - line->at) : line->length;
	struct str word = { line->at, length };

	line->at += length + (blank != NULL ? 1 : 0);
	line->length -= length + (blank != NULL ? 1 : 0);
	return word;
}

static bool read_port(struct str word, uint16_t *port)
{
	unsigned number = 0;

	if (word.length == 0 || word.length > 5 || (word.length > 1 && word.at[0] == '0'))
		return false;
	for (size_t i = 0; i < word.length; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		number = number * 10 + (unsigned)(word.at[i] - '0');
	}
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

static bool read_words(struct str line, sa_family_t family, struct proxy_protocol *header)
{
	struct str source = next_word(&line), destination = next_word(&line);
	struct str source_word = next_word(&line), destination_word = next_word(&line);
	uint16_t source_port, destination_port;

	header->has_addresses = true;
	return line.length == 0 && read_port(source_word, &source_port) &&
	       read_port(destination_word, &destination_port) &&
	       address_parse(source, source_port, &header->source) &&
	       address_parse(destination, destination_port, &header->destination) &&
	       header->source.any.sa_family == family &&
	       header->destination.any.sa_family == family;
}

static bool read_line(struct str line, struct proxy_protocol *header)
{
	struct str family;

	(void)next_word(&line); /* PROXY */
	family = next_word(&line);
	if (str_equal(family, STR("UNKNOWN")))
		return true;
	if (str_equal(family, STR("TCP4")))
		return read_words(line, AF_INET, header);
	return str_equal(family, STR("TCP6")) && read_words(line, AF_INET6, header);
}

static enum proxy_protocol_result read_text(struct str bytes, struct proxy_protocol *header,
					    size_t *length)
{
	size_t room = bytes.length < LINE_MAX ? bytes.length : LINE_MAX;
	const char *end = memchr(bytes.at, '\n', room);

	if (end == NULL)
		return room < LINE_MAX ? PROXY_PROTOCOL_MORE : PROXY_PROTOCOL_BAD;
	*length = (size_t)(end - bytes.at) + 1;
	if (*length < 2 || end[-1] != '\r' ||
	    !read_line((struct str){ bytes.at, *length - 2 }, header))
		return PROXY_PROTOCOL_BAD;
	return PROXY_PROTOCOL_OK;
}

/* --- both --- */

/* Whether it begins as `begin` does, as far as there is something. */
static bool can_be(struct str bytes, struct str begin)
{
	size_t length = bytes.length < begin.length ? bytes.length : begin.length;

	return memcmp(bytes.at, begin.at, length) == 0;
}

enum proxy_protocol_result proxy_protocol_read(struct str bytes, struct proxy_protocol *header,
					       size_t *length)
{
	enum proxy_protocol_result result = PROXY_PROTOCOL_BAD;
	struct proxy_protocol read = { 0 };

	*length = 0;
	if (bytes.length == 0)
		return PROXY_PROTOCOL_MORE;
	if (can_be(bytes, (struct str){ signature, sizeof(signature) }))
		result = read_binary(bytes, &read, length);
	else if (can_be(bytes, STR("PROXY ")))
		result = read_text(bytes, &read, length);
	*header = result == PROXY_PROTOCOL_OK ? read : (struct proxy_protocol){ 0 };
	return result;
}

/* --- writing --- */

static unsigned char *put(unsigned char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static unsigned char *put16(unsigned char *at, size_t number)
{
	*at++ = (unsigned char)(number >> 8);
	*at++ = (unsigned char)number;
	return at;
}

static unsigned char *put_addresses(unsigned char *at, const struct address *source,
				    const struct address *destination)
{
	if (source->any.sa_family == AF_INET6) {
		at = put(at, &source->v6.sin6_addr, 16);
		at = put(at, &destination->v6.sin6_addr, 16);
		at = put(at, &source->v6.sin6_port, 2);
		return put(at, &destination->v6.sin6_port, 2);
	}
	at = put(at, &source->v4.sin_addr, 4);
	at = put(at, &destination->v4.sin_addr, 4);
	at = put(at, &source->v4.sin_port, 2);
	return put(at, &destination->v4.sin_port, 2);
}

static unsigned char *put_trail(unsigned char *at, const struct trail *trail)
{
	if (trail->count == 0)
		return at;
	*at++ = TYPE_TRAIL;
	at = put16(at, 4u * trail->count);
	for (unsigned i = 0; i < trail->count; i++) {
		at = put16(at, trail->ids[i] >> 16);
		at = put16(at, trail->ids[i] & 0xFFFF);
	}
	return at;
}

size_t proxy_protocol_write(const struct proxy_protocol *header,
			    unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX])
{
	sa_family_t family = header->source.any.sa_family;
	bool is_told = header->has_addresses && family == header->destination.any.sa_family;
	unsigned char *at = put(bytes, signature, sizeof(signature));
	unsigned char *length_at;

	*at++ = VERSION_2 | COMMAND_PROXY;
	*at++ = !is_told ? 0 : family == AF_INET6 ? FAMILY_TCP6 : FAMILY_TCP4;
	length_at = at;
	at += 2;
	if (is_told)
		at = put_addresses(at, &header->source, &header->destination);
	if (is_told) /* after an unknown family nobody could find it */
		at = put_trail(at, &header->trail);
	(void)put16(length_at, (size_t)(at - length_at) - 2);
	return (size_t)(at - bytes);
}
