/* SPDX-License-Identifier: Apache-2.0
 * starter.h - a process that starts programs for us (program.h), forked before we have sockets.
 *
 * A fork copies every descriptor. Until the child has closed the copies, a socket that we close
 * stays open and in epoll, where nothing can remove it any more: events come for a place that
 * another connection has. So who has connections never forks; it asks this process, which has none.
 *
 * A request is one packet: the words, each with its end, and two or three descriptors: the line to
 * the warden (warden.h), the output, and the input if there is one. There is no answer but what the
 * warden says on that line. The starter ends when we have closed our end, or are gone.
 */
#pragma once

#include "base/check.h"

#include <stddef.h>
#include <sys/types.h>

enum {
	STARTER_WORDS = 32,    /* at most */
	STARTER_BYTES = 32768, /* of the packet, at most */
	STARTER_NOT_RUN = 127, /* the exit status of what could not be run; the output says why */
	STARTER_LINE = 0,
	STARTER_OUTPUT,
	STARTER_INPUT,
	STARTER_PASSED /* how many there can be */
};

/* Owner: who opened it. */
struct starter {
	int fd; /* our end, which blocks at most a second; close-on-exec. -1: none */
	pid_t id;
};

int starter_open(struct starter *starter) MUST_USE; /* 0 or -errno */
/* Returns when it has ended. What it started runs on. */
void starter_close(struct starter *starter);
/* 0 or -errno; -EPIPE: somebody has killed it. `count` is STARTER_PASSED, or less one; `length` is
 * not 0. */
int starter_ask(const struct starter *starter, const void *words, size_t length, const int passed[],
		unsigned count) MUST_USE;
