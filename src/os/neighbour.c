/* SPDX-License-Identifier: Apache-2.0 */
#include "os/neighbour.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the way ---------------------------------------------------------------------------------- */

static const unsigned char *bytes_of(const struct sockaddr *address, unsigned *length)
{
	if (address->sa_family == AF_INET6) {
		*length = 16;
		return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	}
	*length = 4;
	return (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)
		->sin_addr;
}

/* Bits of the network when it holds the target, else -1. */
static int match(const struct ifaddrs *at, const struct address *target)
{
	const unsigned char *own, *mask, *wanted;
	unsigned length;
	int bits = 0;

	if (at->ifa_addr == NULL || at->ifa_netmask == NULL || !(at->ifa_flags & IFF_UP) ||
	    at->ifa_addr->sa_family != target->any.sa_family)
		return -1;
	own = bytes_of(at->ifa_addr, &length);
	mask = bytes_of(at->ifa_netmask, &length);
	wanted = bytes_of(&target->any, &length);
	for (unsigned i = 0; i < length; i++) {
		if ((own[i] ^ wanted[i]) & mask[i])
			return -1;
		bits += __builtin_popcount(mask[i]);
	}
	return bits;
}

static const struct ifaddrs *best_of(const struct ifaddrs *all, const struct address *target)
{
	const struct ifaddrs *best = NULL;
	int most = -1;

	for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
		int bits = match(at, target);

		if (bits > most) {
			most = bits;
			best = at;
		}
	}
	return best;
}

static bool take_hardware(const struct ifaddrs *all, const char *name, struct neighbour_link *link)
{
	for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
		const struct sockaddr_ll *packet = (const void *)at->ifa_addr;

		if (packet == NULL || packet->sll_family != AF_PACKET ||
		    strcmp(at->ifa_name, name) != 0 || packet->sll_hatype != ARPHRD_ETHER)
			continue;
		link->interface = packet->sll_ifindex;
		memcpy(link->hardware, packet->sll_addr, NEIGHBOUR_HARDWARE);
		return true;
	}
	return false;
}

const char *neighbour_find(const struct address *target, struct neighbour_link *link)
{
	const char *wrong = NULL;
	const struct ifaddrs *best;
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return "the interfaces cannot be listed";
	best = best_of(all, target);
	if (best == NULL || best->ifa_flags & IFF_POINTOPOINT)
		wrong = "the address is not on a link of ours";
	else if (best->ifa_flags & (IFF_LOOPBACK | IFF_NOARP) ||
		 !take_hardware(all, best->ifa_name, link))
		wrong = "the address is on an interface without hardware addresses";
	else if (target->any.sa_family == AF_INET6)
		memcpy(&link->own.v6, best->ifa_addr, sizeof(link->own.v6));
	else
		memcpy(&link->own.v4, best->ifa_addr, sizeof(link->own.v4));
	freeifaddrs(all);
	return wrong;
}

/* --- ARP -------------------------------------------------------------------------------------- */

static int send_arp(int fd, const struct neighbour_link *link, const struct address *target)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ARP),
				   .sll_ifindex = link->interface,
				   .sll_halen = NEIGHBOUR_HARDWARE };
	struct ether_arp arp = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
					     .ar_pro = htons(ETH_P_IP),
					     .ar_hln = NEIGHBOUR_HARDWARE,
					     .ar_pln = 4,
					     .ar_op = htons(ARPOP_REQUEST) } };

	memset(all.sll_addr, 0xff, NEIGHBOUR_HARDWARE);
	memcpy(arp.arp_sha, link->hardware, NEIGHBOUR_HARDWARE);
	memcpy(arp.arp_spa, &link->own.v4.sin_addr, 4);
	memcpy(arp.arp_tpa, &target->v4.sin_addr, 4);
	if (bind(fd, (const struct sockaddr *)&all, sizeof(all)) != 0 ||
	    sendto(fd, &arp, sizeof(arp), 0, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return -errno;
	return 0;
}

/* Whether it is the answer; its sender's hardware address. */
static const unsigned char *read_arp(const unsigned char *bytes, size_t length,
				     const struct address *target)
{
	const struct ether_arp *arp = (const void *)bytes;

	if (length < sizeof(*arp) || arp->ea_hdr.ar_op != htons(ARPOP_REPLY) ||
	    arp->ea_hdr.ar_pln != 4 || arp->ea_hdr.ar_hln != NEIGHBOUR_HARDWARE ||
	    memcmp(arp->arp_spa, &target->v4.sin_addr, 4) != 0)
		return NULL;
	return arp->arp_sha;
}

/* --- neighbour discovery ---------------------------------------------------------------------- */

struct solicitation {
	struct nd_neighbor_solicit head;
	struct nd_opt_hdr option;
	unsigned char hardware[NEIGHBOUR_HARDWARE];
};

static bool prepare_nd(int fd, const struct neighbour_link *link)
{
	struct icmp6_filter filter;
	int hops = 255, yes = 1;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &yes, sizeof(yes)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &link->interface,
			  sizeof(link->interface)) == 0;
}

static int send_nd(int fd, const struct neighbour_link *link, const struct address *target)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_scope_id = (uint32_t)link->interface };
	struct solicitation ask = { .head.nd_ns_type = ND_NEIGHBOR_SOLICIT,
				    .option = { ND_OPT_SOURCE_LINKADDR, 1 } };

	/* ff02::1:ffXX:XXXX of the last three bytes (RFC 4291, 2.7.1) */
	memcpy(to.sin6_addr.s6_addr, "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff", 13);
	memcpy(to.sin6_addr.s6_addr + 13, target->v6.sin6_addr.s6_addr + 13, 3);
	ask.head.nd_ns_target = target->v6.sin6_addr;
	memcpy(ask.hardware, link->hardware, NEIGHBOUR_HARDWARE);
	if (!prepare_nd(fd, link) ||
	    sendto(fd, &ask, sizeof(ask), 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* Only a hop limit of 255 proves that it comes from the link. */
static bool is_from_link(const struct msghdr *message)
{
	struct msghdr *all = (struct msghdr *)(uintptr_t)message;
	int hops = 0;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(all); at != NULL; at = CMSG_NXTHDR(all, at))
		if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hops, CMSG_DATA(at), sizeof(hops));
	return hops == 255;
}

static const unsigned char *read_nd(const unsigned char *bytes, size_t length,
				    const struct address *target)
{
	static const unsigned char none[NEIGHBOUR_HARDWARE];
	struct nd_neighbor_advert head;
	size_t at = sizeof(head);

	if (length < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (head.nd_na_type != ND_NEIGHBOR_ADVERT ||
	    memcmp(&head.nd_na_target, &target->v6.sin6_addr, 16) != 0)
		return NULL;
	for (; at + 8 <= length && bytes[at + 1] > 0; at += (size_t)bytes[at + 1] * 8)
		if (bytes[at] == ND_OPT_TARGET_LINKADDR)
			return bytes + at + 2;
	return none; /* a solicited answer may leave it out (RFC 4861, 4.4) */
}

/* --- both ------------------------------------------------------------------------------------- */

int neighbour_ask(const struct neighbour_link *link, const struct address *target)
{
	bool is_v6 = target->any.sa_family == AF_INET6;
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC, err;
	int fd = is_v6 ? socket(AF_INET6, SOCK_RAW | flags, IPPROTO_ICMPV6)
		       : socket(AF_PACKET, SOCK_DGRAM | flags, 0);

	if (fd < 0)
		return -errno;
	err = is_v6 ? send_nd(fd, link, target) : send_arp(fd, link, target);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int neighbour_hear(int fd, const struct address *target, char text[NEIGHBOUR_TEXT_MAX])
{
	alignas(8) unsigned char bytes[512], control[128];
	struct iovec part = { bytes, sizeof(bytes) };
	const unsigned char *hardware;

	for (;;) {
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);

		if (count < 0)
			return -errno;
		if (target->any.sa_family == AF_INET6)
			hardware = is_from_link(&message) ? read_nd(bytes, (size_t)count, target)
							  : NULL;
		else
			hardware = read_arp(bytes, (size_t)count, target);
		if (hardware == NULL)
			continue;
		snprintf(text, NEIGHBOUR_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", hardware[0],
			 hardware[1], hardware[2], hardware[3], hardware[4], hardware[5]);
		return 1;
	}
}
