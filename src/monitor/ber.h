/* SPDX-License-Identifier: Apache-2.0
 * ber.h - values in the basic encoding rules (X.690) that LDAP and SNMP speak: definite lengths,
 * one-byte tags.
 *
 * Written from the end to the front, so that every length is known when it is written.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BER_INTEGER = 0x02,
	BER_OCTETS = 0x04,
	BER_NULL = 0x05,
	BER_OID = 0x06,
	BER_ENUMERATED = 0x0a,
	BER_BOOLEAN = 0x01,
	BER_SEQUENCE = 0x30
};

enum { BER_WRITE_MAX = 4096 };

/* What was written is bytes[at..BER_WRITE_MAX). */
struct ber_writer {
	size_t at; /* BER_WRITE_MAX at the beginning */
	bool is_full;
	unsigned char bytes[BER_WRITE_MAX];
};

static inline struct str ber_written(const struct ber_writer *writer)
{
	return (struct str){ (const char *)writer->bytes + writer->at, BER_WRITE_MAX - writer->at };
}

void ber_begin(struct ber_writer *writer);
void ber_put(struct ber_writer *writer, unsigned tag, const void *bytes, size_t length);
void ber_put_number(struct ber_writer *writer, unsigned tag, int64_t number);
/* "1.3.6.1"; false when it is none. */
bool ber_put_oid(struct ber_writer *writer, struct str oid) MUST_USE;
/* Everything since `end` (a former `at`) becomes the inside of a value. */
void ber_wrap(struct ber_writer *writer, unsigned tag, size_t end);

struct ber_reader {
	const unsigned char *at, *end;
};

static inline struct ber_reader ber_reader_of(const char *bytes, size_t length)
{
	return (struct ber_reader){ (const unsigned char *)bytes,
				    (const unsigned char *)bytes + length };
}

enum ber_result { BER_MORE, BER_WHOLE, BER_BROKEN };

/* How long the value at the beginning is, with its tag and length. */
enum ber_result ber_size(const char *bytes, size_t length, size_t most, size_t *size) MUST_USE;
/* The next value, its tag and inside. False: there is none, or it is broken. */
bool ber_take(struct ber_reader *reader, unsigned *tag, struct ber_reader *inside) MUST_USE;
/* The next value, when it has that tag. */
bool ber_take_tag(struct ber_reader *reader, unsigned tag, struct ber_reader *inside) MUST_USE;
bool ber_take_number(struct ber_reader *reader, unsigned tag, int64_t *number) MUST_USE;
/* Two's complement of 1 to 8 bytes; 9 when the first is 0, as counters of 64 bits have. */
bool ber_number(const struct ber_reader *inside, int64_t *number) MUST_USE;
