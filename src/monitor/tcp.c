/* SPDX-License-Identifier: Apache-2.0
 * tcp.c - the monitor kind TCP: well is who takes a connection, and with -secure YES
 * agrees on TLS.
 */
#include "monitor/exchange.h"
#include "monitor/probe.h"
#include "monitor/talk.h"

static void start(struct probe *probe)
{
	probe_connect(probe);
}

static void ready(struct probe *probe, unsigned events)
{
	if (!probe_connected(probe, events))
		return;
	probe->may_break = true;
	probe_end(probe, true, "connected");
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	(void)heard;
	(void)length;
	(void)is_over;
	(void)used;
	return talk_good(talk, "agreed on TLS");
}

static const struct talk_protocol tls_protocol = { .turn = turn };

static const struct monitor_kind tls_kind = {
	.name = "TCP",
	.help = "the server takes a connection and agrees on TLS",
	.start = exchange_start,
	.ready = exchange_ready,
	.protocol = &tls_protocol,
};

const struct monitor_kind tcp_kind = {
	.name = "TCP",
	.help = "the server takes a connection",
	.start = start,
	.ready = ready,
	.secure = &tls_kind,
};
