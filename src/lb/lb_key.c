/* SPDX-License-Identifier: Apache-2.0 */
#include "lb/lb_key.h"

struct key {
	uint64_t value; /* FNV-1a; the method mixes further */
};

static void add_byte(struct key *key, unsigned char byte)
{
	key->value = (key->value ^ byte) * 0x100000001B3u;
}

static void add_masked(struct key *key, const unsigned char *bytes, size_t length, uint32_t bits)
{
	for (size_t index = 0; index < length && bits > 0; index++) {
		uint32_t part = bits < 8 ? bits : 8;

		add_byte(key, (unsigned char)(bytes[index] & (0xFF00u >> part)));
		bits -= part;
	}
}

static void add_address(struct key *key, const struct lb_key_masks *masks,
			const struct address *address)
{
	uint32_t bits = masks->v6_netmask_length > 0 ? masks->v6_netmask_length : 128;
	uint32_t mask = masks->netmask > 0 ? ntohl(masks->netmask) : UINT32_MAX;

	if (address->any.sa_family == AF_INET6) {
		add_masked(key, address->v6.sin6_addr.s6_addr, 16, bits);
		return;
	}
	add_masked(key, (const unsigned char *)&address->v4.sin_addr, 4,
		   (uint32_t)__builtin_popcount(mask));
}

static void add_reached(struct key *key, const struct lb_key_masks *masks,
			const struct lb_key_client *client)
{
	if (client->reached != NULL)
		add_address(key, masks, client->reached);
}

static void add_port(struct key *key, const struct address *address)
{
	add_byte(key, (unsigned char)(address_port(address) >> 8));
	add_byte(key, (unsigned char)address_port(address));
}

static void add_text(struct key *key, const struct lb_key_masks *masks, struct str text)
{
	size_t length = text.length;

	if (masks->hash_length > 0 && length > masks->hash_length)
		length = masks->hash_length;
	for (size_t index = 0; index < length; index++)
		add_byte(key, (unsigned char)text.at[index]);
}

/* Without the port. */
static struct str domain_of(struct str host)
{
	char stop = host.length > 0 && host.at[0] == '[' ? ']' : ':';

	for (size_t index = 0; index < host.length; index++)
		if (host.at[index] == stop)
			return (struct str){ host.at, index };
	return host;
}

static void add_domain(struct key *key, const struct lb_key_masks *masks, struct str host)
{
	struct str domain = domain_of(host);
	size_t length = domain.length;

	if (masks->hash_length > 0 && length > masks->hash_length)
		length = masks->hash_length;
	for (size_t index = 0; index < length; index++) {
		char letter = domain.at[index];

		if (letter >= 'A' && letter <= 'Z')
			letter = (char)(letter + ('a' - 'A'));
		add_byte(key, (unsigned char)letter);
	}
}

static void add_all(struct key *key, struct str text)
{
	for (size_t index = 0; index < text.length; index++)
		add_byte(key, (unsigned char)text.at[index]);
}

uint64_t lb_key_make(enum lb_key kind, const struct lb_key_masks *masks,
		     const struct lb_key_client *client)
{
	struct key key = { 0xCBF29CE484222325u };

	switch (kind) {
	case LB_KEY_NONE:
		return 0;
	case LB_KEY_SOURCE:
		add_address(&key, masks, client->peer);
		break;
	case LB_KEY_DESTINATION:
		add_reached(&key, masks, client);
		break;
	case LB_KEY_SOURCE_DESTINATION:
		add_address(&key, masks, client->peer);
		add_reached(&key, masks, client);
		break;
	case LB_KEY_SOURCE_PORT:
		add_address(&key, masks, client->peer);
		add_port(&key, client->peer);
		break;
	case LB_KEY_URL:
		add_text(&key, masks, client->url);
		break;
	case LB_KEY_DOMAIN:
		add_domain(&key, masks, client->host);
		break;
	case LB_KEY_TOKEN:
		add_all(&key, client->token);
		break;
	}
	return key.value & ~(uint64_t)1;
}
