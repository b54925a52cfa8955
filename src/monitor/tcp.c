/* SPDX-License-Identifier: Apache-2.0
 * tcp.c - the monitor kind TCP: well is who takes a connection.
 */
#include "monitor/probe.h"

static void start(struct probe *probe)
{
	probe_watch(probe, socket_connect(probe->target, NULL));
}

static void ready(struct probe *probe, unsigned events)
{
	if (probe_connected(probe, events))
		probe_end(probe, true, "connected");
}

const struct monitor_kind tcp_kind = {
	.name = "TCP",
	.help = "the server takes a connection",
	.start = start,
	.ready = ready,
};
