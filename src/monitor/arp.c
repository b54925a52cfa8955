/* SPDX-License-Identifier: Apache-2.0
 * arp.c - the monitor kinds ARP and ND6: well is who answers for its address on the link.
 */
#include "monitor/probe.h"

#include "os/neighbour.h"

#include <errno.h>

static void ask(struct probe *probe, int family)
{
	struct neighbour_link link;
	const char *wrong;

	if (probe->target->any.sa_family != family) {
		probe_end(probe, false, "%s is for addresses of %s", probe->kind->name,
			  family == AF_INET ? "IPv4" : "IPv6");
		return;
	}
	wrong = neighbour_find(probe->target, &link);
	if (wrong != NULL)
		probe_end(probe, false, "%s", wrong);
	else
		probe_watch(probe, neighbour_ask(&link, probe->target));
}

static void start_arp(struct probe *probe)
{
	ask(probe, AF_INET);
}

static void start_nd6(struct probe *probe)
{
	ask(probe, AF_INET6);
}

static void ready(struct probe *probe, unsigned events)
{
	char text[NEIGHBOUR_TEXT_MAX];
	int result;

	if (!(events & LOOP_READ))
		return;
	result = neighbour_hear(probe->watch.fd, probe->target, text);
	if (result == 1)
		probe_end(probe, true, "answered by %s", text);
	else if (result != -EAGAIN)
		probe_end(probe, false, "%s", socket_error_text(result));
}

const struct monitor_kind arp_kind = {
	.name = "ARP",
	.help = "the host answers for its address by ARP",
	.start = start_arp,
	.ready = ready,
};

const struct monitor_kind nd6_kind = {
	.name = "ND6",
	.help = "the host answers for its address by neighbour discovery",
	.start = start_nd6,
	.ready = ready,
};
