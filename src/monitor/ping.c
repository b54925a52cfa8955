/* SPDX-License-Identifier: Apache-2.0
 * ping.c - the monitor kind PING: well is who answers an ICMP echo.
 */
#include "monitor/probe.h"

static void answered(struct echo *echo)
{
	probe_end(list_entry(echo, struct probe, echo), true, "echo answered");
}

static void start(struct probe *probe)
{
	int err;

	probe->echo.answered = answered;
	err = echo_ask(&probe->echo, probe->loop, probe->target);
	if (err != 0)
		probe_refuse(probe, err);
}

/* No descriptor of its own: nothing comes here. */
static void ready(struct probe *probe, unsigned events)
{
	(void)probe;
	(void)events;
}

static void stop(struct probe *probe)
{
	echo_forget(&probe->echo);
}

const struct monitor_kind ping_kind = {
	.name = "PING",
	.help = "the host answers an ICMP echo",
	.start = start,
	.ready = ready,
	.stop = stop,
};
