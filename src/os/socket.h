/* SPDX-License-Identifier: Apache-2.0
 * socket.h - TCP sockets: all non-blocking and close-on-exec. Functions return -errno on failure.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/* A listening socket with SO_REUSEADDR and SO_REUSEPORT, TCP_NODELAY (accepted ones inherit it),
 * backlog as large as the system allows. Returns the descriptor. */
int socket_listen(const struct address *address) MUST_USE;

/* Takes the next client; fills `peer`. -EAGAIN: none waits. -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM:
 * resources are out. -ECONNABORTED and network errors of the dead client: ask again. */
int socket_accept(int listener, struct address *peer) MUST_USE;

/* Starts to connect; returns the descriptor, connected or connecting. `source` may be NULL. */
int socket_connect(const struct address *address, const struct address *source) MUST_USE;
/* The outcome of a connect once the socket is writable: 0 or -errno. */
int socket_connect_result(int fd) MUST_USE;

void socket_close(int fd);
void socket_shutdown_write(int fd);
/* The next close sends RST instead of FIN. */
void socket_reset_on_close(int fd);
/* True when a connection that should be idle is still open and has nothing to read. */
bool socket_is_quiet(int fd);
/* Local address of a socket. */
int socket_local(int fd, struct address *address) MUST_USE;
