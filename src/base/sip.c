/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sip.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void round_once(struct state *s)
{
	s->a += s->b;
	s->b = turn(s->b, 13) ^ s->a;
	s->a = turn(s->a, 32);
	s->c += s->d;
	s->d = turn(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = turn(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = turn(s->b, 17) ^ s->c;
	s->c = turn(s->c, 32);
}

static void mix(struct state *s, uint64_t word)
{
	s->d ^= word;
	round_once(s);
	round_once(s);
	s->a ^= word;
}

/* The bytes that do not fill a word, and the length in the highest byte. */
static uint64_t last_word(const unsigned char *rest, size_t length)
{
	uint64_t word = (uint64_t)length << 56;

	for (size_t i = 0; i < length % 8; i++)
		word |= (uint64_t)rest[i] << (8 * i);
	return word;
}

uint64_t sip_hash(const struct sip_key *key, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	struct state s = { key->half[0] ^ 0x736f6d6570736575u, key->half[1] ^ 0x646f72616e646f6du,
			   key->half[0] ^ 0x6c7967656e657261u, key->half[1] ^ 0x7465646279746573u };

	for (size_t left = length; left >= 8; left -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		mix(&s, le64toh(word));
	}
	mix(&s, last_word(at, length));
	s.c ^= 0xff;
	for (int count = 0; count < 4; count++)
		round_once(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
