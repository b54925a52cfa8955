/* SPDX-License-Identifier: Apache-2.0
 * address.h - an Internet address with a port, IPv4 or IPv6, ready for the socket calls.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

enum { ADDRESS_TEXT_MAX = 64 }; /* "[...]:65535" and NUL fit */

/* Dotted quad or RFC 4291 text without brackets; no names. False when it is neither. */
bool address_parse(struct str text, uint16_t port, struct address *address) MUST_USE;
uint16_t address_port(const struct address *address); /* host order */
void address_set_port(struct address *address, uint16_t port);
socklen_t address_length(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
/* 0.0.0.0 or :: */
bool address_is_any(const struct address *address);

/* "127.0.0.1:80" or "[::1]:80"; returns `text`. */
const char *address_print(const struct address *address, char text[ADDRESS_TEXT_MAX]);
/* "127.0.0.1" or "::1" */
const char *address_print_host(const struct address *address, char text[ADDRESS_TEXT_MAX]);
