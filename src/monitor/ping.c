/* SPDX-License-Identifier: Apache-2.0
 * ping.c - the monitor kind PING: well is who answers an ICMP echo (RFC 792, RFC 4443).
 *
 * An unprivileged ICMP socket lets only answers to its own echoes in and sets the identifier by
 * itself; a raw one sees everything from that host, so our sequence number and a cookie decide.
 */
#include "monitor/probe.h"

#include "base/hash.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>

/* The same layout in both families (RFC 792 page 14, RFC 4443 4.1). */
struct echo {
	uint8_t type, code;
	uint16_t checksum, identifier, sequence;
	uint64_t cookie;
};

static bool is_v6(const struct probe *probe)
{
	return probe->target->any.sa_family == AF_INET6;
}

static uint64_t cookie_of(const struct probe *probe)
{
	uintptr_t self = (uintptr_t)probe;

	return hash_bytes(&self, sizeof(self));
}

/* RFC 1071. Of ICMPv6 the kernel does it. */
static uint16_t checksum(const struct echo *echo)
{
	uint16_t words[sizeof(*echo) / 2];
	uint32_t sum = 0;

	memcpy(words, echo, sizeof(*echo));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static void start(struct probe *probe)
{
	struct echo echo = {
		.type = is_v6(probe) ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.identifier = (uint16_t)cookie_of(probe),
		.sequence = htons(++probe->sequence),
		.cookie = cookie_of(probe),
	};
	struct iovec part = { &echo, sizeof(echo) };
	ssize_t sent;

	if (!probe_watch(probe, socket_ping(probe->target, &probe->is_raw)))
		return;
	if (!is_v6(probe))
		echo.checksum = checksum(&echo);
	sent = socket_write(probe->watch.fd, &part, 1);
	if (sent < 0)
		probe_end(probe, false, "%s", socket_error_text((int)sent));
}

static bool is_our_answer(const struct probe *probe, const char *bytes, size_t length)
{
	struct echo echo;
	size_t header = 0;

	if (probe->is_raw && !is_v6(probe)) {
		if (length < sizeof(struct iphdr))
			return false;
		header = (size_t)(bytes[0] & 15) * 4;
	}
	if (length < header + sizeof(echo))
		return false;
	memcpy(&echo, bytes + header, sizeof(echo));
	return echo.type == (is_v6(probe) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && echo.code == 0 &&
	       echo.sequence == htons(probe->sequence) && echo.cookie == cookie_of(probe);
}

static void ready(struct probe *probe, unsigned events)
{
	char bytes[512];
	ssize_t count;

	if (!(events & LOOP_READ))
		return;
	while ((count = socket_read(probe->watch.fd, bytes, sizeof(bytes))) >= 0) {
		if (is_our_answer(probe, bytes, (size_t)count)) {
			probe_end(probe, true, "echo answered");
			return;
		}
	}
	if (count != -EAGAIN)
		probe_end(probe, false, "%s", socket_error_text((int)count));
}

const struct monitor_kind ping_kind = {
	.name = "PING",
	.help = "the host answers an ICMP echo",
	.start = start,
	.ready = ready,
};
