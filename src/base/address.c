/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>

bool address_parse(struct str text, uint16_t port, struct address *address)
{
	char host[INET6_ADDRSTRLEN];
	struct address made = { 0 };

	if (text.length == 0 || text.length >= sizeof(host) ||
	    memchr(text.at, 0, text.length) != NULL)
		return false;
	memcpy(host, text.at, text.length);
	host[text.length] = '\0';
	if (inet_pton(AF_INET, host, &made.v4.sin_addr) == 1) {
		made.v4.sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, host, &made.v6.sin6_addr) == 1) {
		made.v6.sin6_family = AF_INET6;
	} else {
		return false;
	}
	*address = made;
	address_set_port(address, port);
	return true;
}

uint16_t address_port(const struct address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
							: address->v4.sin_port);
}

void address_set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

socklen_t address_length(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

bool address_equal(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family || address_port(a) != address_port(b))
		return false;
	if (a->any.sa_family == AF_INET6)
		return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0 &&
		       a->v6.sin6_scope_id == b->v6.sin6_scope_id;
	return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

bool address_is_any(const struct address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
	return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

const char *address_print_host(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	const void *host = &address->v4.sin_addr;

	if (address->any.sa_family == AF_INET6)
		host = &address->v6.sin6_addr;
	if (inet_ntop(address->any.sa_family, host, text, ADDRESS_TEXT_MAX) == NULL)
		snprintf(text, ADDRESS_TEXT_MAX, "?");
	return text;
}

const char *address_print(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	char host[ADDRESS_TEXT_MAX];
	bool is_v6 = address->any.sa_family == AF_INET6;

	address_print_host(address, host);
	snprintf(text, ADDRESS_TEXT_MAX, is_v6 ? "[%.46s]:%u" : "%.46s:%u", host,
		 address_port(address));
	return text;
}
