/* SPDX-License-Identifier: Apache-2.0
 * pipe.h - bytes from socket to socket through a pipe: the kernel moves pages, nobody copies.
 *
 * Functions return -errno on failure.
 */
#pragma once

#include "base/check.h"

#include <stddef.h>
#include <sys/types.h>

struct pipe {
	int in, out; /* written to, read from; non-blocking, close-on-exec */
};

/* `room` is wished for; the system may give less. 0 or -errno. */
int pipe_open(struct pipe *pipe, size_t room) MUST_USE;
void pipe_close(struct pipe *pipe);
/* Bytes moved; reading from a socket: 0 is the end. -EAGAIN: the socket has none, or takes none, or
 * the pipe is full. */
ssize_t pipe_fill(struct pipe *pipe, int socket, size_t most) MUST_USE;
ssize_t pipe_drain(struct pipe *pipe, int socket, size_t most) MUST_USE;
