/* SPDX-License-Identifier: Apache-2.0
 * neighbour.h - asks a host on the same Ethernet for its hardware address: ARP (RFC 826) for IPv4,
 * neighbour discovery (RFC 4861, 7.2) for IPv6. Needs CAP_NET_RAW.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"

enum { NEIGHBOUR_HARDWARE = 6, NEIGHBOUR_TEXT_MAX = 18 };

/* How a host on link is reached. */
struct neighbour_link {
	int interface; /* its index */
	struct address own;
	unsigned char hardware[NEIGHBOUR_HARDWARE]; /* our own */
};

/* The interface whose network holds the address. NULL, or what is wrong in words. */
const char *neighbour_find(const struct address *target, struct neighbour_link *link) MUST_USE;
/* Sends one question; the socket on which its answer comes, or -errno. */
int neighbour_ask(const struct neighbour_link *link, const struct address *target) MUST_USE;
/* Whether the target has answered: 1 and its hardware address in words ("02:00:00:00:00:01"),
 * -EAGAIN: not yet, or -errno. */
int neighbour_hear(int fd, const struct address *target, char text[NEIGHBOUR_TEXT_MAX]) MUST_USE;
