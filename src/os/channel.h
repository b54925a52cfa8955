/* SPDX-License-Identifier: Apache-2.0
 * channel.h - packets between two processes of ours, each with at most one descriptor.
 *
 * A packet arrives whole or not at all (SOCK_SEQPACKET).
 */
#pragma once

#include "base/check.h"

#include <stddef.h>

/* Both ends block; close-on-exec. 0 or -errno. */
int channel_open(int ends[2]) MUST_USE;
/* Sends one packet, and a copy of the descriptor `passed` unless it is -1. 0 or -errno. */
int channel_send(int fd, const void *packet, size_t length, int passed) MUST_USE;

enum channel_result {
	CHANNEL_GOT,  /* a packet of `length` bytes; *passed: the descriptor that came, or -1 */
	CHANNEL_NONE, /* none now */
	CHANNEL_OVER  /* the other end is closed, or talks nonsense */
};
/* Without waiting. */
enum channel_result channel_receive(int fd, void *packet, size_t length, int *passed) MUST_USE;
