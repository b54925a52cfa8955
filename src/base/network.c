/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <string.h>

static const unsigned char *bytes_of(const struct address *address, unsigned *bits)
{
	const unsigned char *v6 = address->v6.sin6_addr.s6_addr;

	if (address->any.sa_family == AF_INET) {
		*bits = 32;
		return (const unsigned char *)&address->v4.sin_addr;
	}
	if (IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
		*bits = 32;
		return v6 + 12;
	}
	*bits = 128;
	return v6;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool read_bits(struct str text, unsigned most, unsigned *bits)
{
	*bits = 0;
	if (text.length == 0 || text.length > 3 || (text.length > 1 && text.at[0] == '0'))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		*bits = *bits * 10 + (unsigned)(text.at[i] - '0');
	}
	return *bits <= most;
}

static bool has_zero_rest(const struct network *network, unsigned most)
{
	unsigned ignored;
	const unsigned char *bytes = bytes_of(&network->address, &ignored);

	for (unsigned bit = network->bits; bit < most; bit++)
		if (bytes[bit / 8] & 0x80u >> bit % 8)
			return false;
	return true;
}

bool network_parse(struct str text, struct network *network)
{
	const char *slash = text.length > 0 ? memchr(text.at, '/', text.length) : NULL;
	size_t length = slash != NULL ? (size_t)(slash - text.at) : text.length;
	unsigned most;

	if (!address_parse((struct str){ text.at, length }, 0, &network->address))
		return false;
	if (network->address.any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&network->address.v6.sin6_addr))
		return false; /* its bits would be counted in two ways */
	(void)bytes_of(&network->address, &most);
	network->bits = most;
	if (slash == NULL)
		return true;
	return read_bits((struct str){ slash + 1, text.length - length - 1 }, most,
			 &network->bits) &&
	       has_zero_rest(network, most);
}

bool network_has(const struct network *network, const struct address *address)
{
	unsigned network_bits, address_bits;
	const unsigned char *a = bytes_of(&network->address, &network_bits);
	const unsigned char *b = bytes_of(address, &address_bits);

	return network_bits == address_bits && same_bits(a, b, network->bits);
}
