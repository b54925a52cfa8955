/* SPDX-License-Identifier: Apache-2.0
 * exchange.h - leads a conversation over a socket: connects, says, hears, asks the protocol.
 *
 * One is made when a probe starts and freed with the probe's end: what is not being asked holds no
 * buffers.
 */
#pragma once

#include "monitor/probe.h"

struct exchange;

/* The functions of a kind that has a protocol. */
void exchange_start(struct probe *probe);
void exchange_ready(struct probe *probe, unsigned events);
void exchange_free(struct exchange *exchange); /* NULL is allowed */
/* That an end by time is no failure. */
bool exchange_silence_is_good(const struct exchange *exchange);
