/* SPDX-License-Identifier: Apache-2.0
 * socket.h - TCP sockets: all non-blocking and close-on-exec. Functions return -errno on failure.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A listening socket with SO_REUSEADDR and SO_REUSEPORT, TCP_NODELAY (accepted ones inherit it),
 * backlog as large as the system allows. Returns the descriptor. */
int socket_listen(const struct address *address) MUST_USE;

/* Takes the next client; fills `peer`. -EAGAIN: none waits. -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM:
 * resources are out. -ECONNABORTED and network errors of the dead client: ask again. */
int socket_accept(int listener, struct address *peer) MUST_USE;

/* Starts to connect; returns the descriptor, connected or connecting. `source` may be NULL. */
int socket_connect(const struct address *address, const struct address *source) MUST_USE;
/* Starts to connect a socket that socket_abort() has disconnected: 0 or -errno. */
int socket_connect_again(int fd, const struct address *address) MUST_USE;
/* True for an error of accept or connect that says: the system has no descriptor, memory or port
 * left for this now. Later it may. */
bool socket_is_shortage(int err);
/* The outcome of a connect once the socket is writable: 0 or -errno. */
int socket_connect_result(int fd) MUST_USE;

/* Bytes moved (reading: 0 is the end), or -errno; -EAGAIN: none now. Never raises SIGPIPE. */
ssize_t socket_read(int fd, void *bytes, size_t room) MUST_USE;
/* As socket_read(), but the bytes stay where they are. */
ssize_t socket_peek(int fd, void *bytes, size_t room) MUST_USE;
ssize_t socket_write(int fd, const struct iovec *parts, int count) MUST_USE;
/* Likewise, and the end follows at once: the bytes may wait for it and go in one packet with it. */
ssize_t socket_write_last(int fd, const struct iovec *parts, int count) MUST_USE;

void socket_close(int fd);
/* Closes a listening socket, and no client reaches it any more by whatever copy is left of it. */
void socket_close_listener(int fd);
void socket_shutdown_write(int fd);
/* The next close sends RST instead of FIN. */
void socket_reset_on_close(int fd);
/* Breaks a connection but keeps the descriptor: the peer gets RST, reads and writes fail from now
 * on, and who watches it is told. It may be connected again. */
void socket_abort(int fd);
/* True when a connection that should be idle is still open and has nothing to read. */
bool socket_is_quiet(int fd);
/* Bytes that could be read now; 0 also at the end, or when that cannot be told. */
size_t socket_pending(int fd);
/* True when there is something to read: not only an end. */
bool socket_has_bytes(int fd);
/* Local address of a socket. */
int socket_local(int fd, struct address *address) MUST_USE;
/* Address of the other end. */
int socket_peer(int fd, struct address *address) MUST_USE;

/* A UDP socket that is connected to `to`: reading and writing are with it alone. */
int socket_datagram(const struct address *to) MUST_USE;
/* A datagram socket for ICMP or ICMPv6 echoes: without privilege where the system allows that, else
 * raw (*is_raw: answers to other processes come in too, and IPv4 ones begin with the IP header).
 * Returns the descriptor. */
int socket_echo(int family, bool *is_raw) MUST_USE;
/* One datagram; bytes, or -errno; -EAGAIN: not now. */
ssize_t socket_send_to(int fd, const void *bytes, size_t length, const struct address *to) MUST_USE;
ssize_t socket_receive_from(int fd, void *bytes, size_t room, struct address *from) MUST_USE;
/* In words, for people: socket_error_text(-ECONNREFUSED) is "connection refused". */
const char *socket_error_text(int error);
