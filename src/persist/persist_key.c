/* SPDX-License-Identifier: Apache-2.0 */
#include "persist/persist.h"

#include <string.h>

void persist_key_begin(struct persist_key *key, enum persist_kind kind, uint64_t owner)
{
	*key = (struct persist_key){ .owner = owner, .kind = kind };
}

static void mask_bytes(unsigned char bytes[16], uint32_t bits)
{
	for (uint32_t index = 0; index < 16; index++) {
		uint32_t here = bits > 8 * index ? bits - 8 * index : 0;

		if (here < 8)
			bytes[index] &= (unsigned char)(0xFF00u >> here);
	}
}

/* IPv4 as ::ffff:a.b.c.d. */
static void add_address(uint64_t half[2], const struct address *address, uint32_t mask,
			uint32_t bits)
{
	unsigned char bytes[16] = { [10] = 0xff, [11] = 0xff };

	if (address->any.sa_family == AF_INET6) {
		memcpy(bytes, &address->v6.sin6_addr, sizeof(bytes));
		mask_bytes(bytes, bits);
	} else {
		uint32_t host = address->v4.sin_addr.s_addr & mask;

		memcpy(bytes + 12, &host, sizeof(host));
	}
	memcpy(half, bytes, sizeof(bytes));
}

void persist_key_source(struct persist_key *key, const struct address *address, uint32_t mask,
			uint32_t bits)
{
	add_address(key->source, address, mask, bits);
}

void persist_key_destination(struct persist_key *key, const struct address *address)
{
	add_address(key->destination, address, UINT32_MAX, 128);
}

/* Two hashes of one key: to collide, a text would have to do so in 128 bits. */
void persist_key_text(const struct persist *table, struct persist_key *key, struct str text)
{
	const struct sip_key *secret = persist_secret(table);
	struct sip_key other = { { ~secret->half[0], secret->half[1] } };

	key->source[0] = sip_hash(secret, text.at, text.length);
	key->source[1] = sip_hash(&other, text.at, text.length);
}

void persist_key_end(const struct persist *table, struct persist_key *key)
{
	key->hash = 0;
	key->hash = sip_hash(persist_secret(table), key, sizeof(*key));
	if (key->hash == 0)
		key->hash = 1; /* 0 is nobody's */
}
