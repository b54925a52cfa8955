/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/ber.h"

#include <string.h>

void ber_begin(struct ber_writer *writer)
{
	writer->at = BER_WRITE_MAX;
	writer->is_full = false;
}

static void put_raw(struct ber_writer *writer, const void *bytes, size_t length)
{
	if (length > writer->at) {
		writer->is_full = true;
		return;
	}
	writer->at -= length;
	if (length > 0)
		memcpy(writer->bytes + writer->at, bytes, length);
}

static void put_byte(struct ber_writer *writer, size_t byte)
{
	unsigned char one = (unsigned char)byte;

	put_raw(writer, &one, 1);
}

static void put_head(struct ber_writer *writer, unsigned tag, size_t length)
{
	put_byte(writer, length & 0xff);
	if (length > 255) {
		put_byte(writer, length >> 8);
		put_byte(writer, 0x82);
	} else if (length > 127) {
		put_byte(writer, 0x81);
	}
	put_byte(writer, tag);
}

void ber_put(struct ber_writer *writer, unsigned tag, const void *bytes, size_t length)
{
	put_raw(writer, bytes, length);
	put_head(writer, tag, length);
}

void ber_put_number(struct ber_writer *writer, unsigned tag, int64_t number)
{
	size_t length = 0;
	bool is_whole;

	do {
		put_byte(writer, (size_t)number & 0xff);
		is_whole = number >= -128 && number <= 127;
		number >>= 8;
		length++;
	} while (!is_whole);
	put_head(writer, tag, length);
}

void ber_wrap(struct ber_writer *writer, unsigned tag, size_t end)
{
	put_head(writer, tag, end - writer->at);
}

static void put_arc(struct ber_writer *writer, uint64_t arc)
{
	put_byte(writer, arc & 0x7f);
	for (arc >>= 7; arc > 0; arc >>= 7)
		put_byte(writer, (arc & 0x7f) | 0x80);
}

enum { ARCS_MAX = 64 };

bool ber_put_oid(struct ber_writer *writer, struct str oid)
{
	uint64_t arcs[ARCS_MAX];
	size_t count = 0, end = writer->at;

	if (oid.length > 0 && oid.at[0] == '.')
		oid = (struct str){ oid.at + 1, oid.length - 1 };
	while (oid.length > 0) {
		const char *dot = memchr(oid.at, '.', oid.length);
		size_t word = dot != NULL ? (size_t)(dot - oid.at) : oid.length;
		size_t skip = word + (dot != NULL);

		if (count == ARCS_MAX ||
		    !str_to_number((struct str){ oid.at, word }, UINT32_MAX, &arcs[count++]))
			return false;
		oid = (struct str){ oid.at + skip, oid.length - skip };
	}
	if (count < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39))
		return false;
	for (size_t i = count; i > 2; i--)
		put_arc(writer, arcs[i - 1]);
	put_arc(writer, arcs[0] * 40 + arcs[1]);
	ber_wrap(writer, BER_OID, end);
	return !writer->is_full;
}

/* Tag and length; *inside is where the value begins. */
static enum ber_result read_head(const unsigned char *bytes, size_t length, size_t *inside,
				 size_t *size)
{
	unsigned more;

	if (length < 2)
		return BER_MORE;
	*inside = 2;
	*size = bytes[1];
	if ((bytes[0] & 0x1f) == 0x1f || bytes[1] == 0x80 || bytes[1] > 0x84)
		return BER_BROKEN;
	if (bytes[1] < 0x80)
		return BER_WHOLE;
	more = bytes[1] & 0x7f;
	*inside += more;
	if (length < *inside)
		return BER_MORE;
	*size = 0;
	for (unsigned i = 0; i < more; i++)
		*size = *size << 8 | bytes[2 + i];
	return BER_WHOLE;
}

enum ber_result ber_size(const char *bytes, size_t length, size_t most, size_t *size)
{
	size_t inside, value;
	enum ber_result result = read_head((const unsigned char *)bytes, length, &inside, &value);

	if (result != BER_WHOLE)
		return result;
	if (value > most || inside + value > most)
		return BER_BROKEN;
	*size = inside + value;
	return *size <= length ? BER_WHOLE : BER_MORE;
}

bool ber_take(struct ber_reader *reader, unsigned *tag, struct ber_reader *inside)
{
	size_t length = (size_t)(reader->end - reader->at), start, value;

	if (read_head(reader->at, length, &start, &value) != BER_WHOLE || value > length - start)
		return false;
	*tag = reader->at[0];
	*inside = (struct ber_reader){ reader->at + start, reader->at + start + value };
	reader->at = inside->end;
	return true;
}

bool ber_take_tag(struct ber_reader *reader, unsigned tag, struct ber_reader *inside)
{
	unsigned is;

	return ber_take(reader, &is, inside) && is == tag;
}

bool ber_number(const struct ber_reader *inside, int64_t *number)
{
	size_t length = (size_t)(inside->end - inside->at);
	uint64_t bits;

	if (length == 0 || length > 9 || (length == 9 && inside->at[0] != 0))
		return false;
	bits = inside->at[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < length; i++)
		bits = bits << 8 | inside->at[i];
	*number = (int64_t)bits;
	return true;
}

bool ber_take_number(struct ber_reader *reader, unsigned tag, int64_t *number)
{
	struct ber_reader inside;

	return ber_take_tag(reader, tag, &inside) && ber_number(&inside, number);
}
