/* SPDX-License-Identifier: Apache-2.0 */
#include "os/socket.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BACKLOG = 65535 }; /* the system cuts it to net.core.somaxconn */
enum { ECHO_BUFFER = 8 << 20 };

/* The C library makes recv() and send() points where a thread can be cancelled, at two atomic
 * operations each. Nobody cancels ours. In builds for sanitizers, which want to see the calls, they
 * go by the library. */
#if defined(SYS_recvfrom) && defined(SYS_sendto) && !POISON
static ssize_t receive_once(int fd, void *bytes, size_t room, int flags)
{
	return syscall(SYS_recvfrom, fd, bytes, room, flags, NULL, NULL);
}

static ssize_t send_once(int fd, const void *bytes, size_t length, int flags)
{
	return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}
#else
static ssize_t receive_once(int fd, void *bytes, size_t room, int flags)
{
	return recv(fd, bytes, room, flags);
}

static ssize_t send_once(int fd, const void *bytes, size_t length, int flags)
{
	return send(fd, bytes, length, flags);
}
#endif

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static int open_stream(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (err != 0) {
		close(fd);
		return err;
	}
	return fd;
}

static int start_listening(int fd, const struct address *address)
{
	int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (err == 0)
		err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (err == 0 && address->any.sa_family == AF_INET6)
		err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (err == 0 && bind(fd, &address->any, address_length(address)) != 0)
		err = -errno;
	if (err == 0 && listen(fd, BACKLOG) != 0)
		err = -errno;
	return err;
}

int socket_listen(const struct address *address)
{
	int fd = open_stream(address);
	int err;

	if (fd < 0)
		return fd;
	err = start_listening(fd, address);
	if (err != 0) {
		close(fd);
		return err;
	}
	return fd;
}

int socket_accept(int listener, struct address *peer)
{
	socklen_t length = sizeof(*peer);
	int fd;

	*peer = (struct address){ 0 };
	do
		fd = accept4(listener, &peer->any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd >= 0 ? fd : -errno;
}

/* A source without a port leaves the choice of the port to connect(), which may share it among
 * destinations. */
static int bind_source(int fd, const struct address *source)
{
	if (source == NULL)
		return 0;
	if (address_port(source) == 0)
		(void)set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, &source->any, address_length(source)) == 0 ? 0 : -errno;
}

int socket_connect_again(int fd, const struct address *address)
{
	if (connect(fd, &address->any, address_length(address)) == 0)
		return 0;
	return errno == EINPROGRESS || errno == EINTR ? 0 : -errno;
}

int socket_connect(const struct address *address, const struct address *source)
{
	int fd = open_stream(address);
	int err;

	if (fd < 0)
		return fd;
	err = bind_source(fd, source);
	if (err == 0)
		err = socket_connect_again(fd, address);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

bool socket_is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM ||
	       err == -EADDRNOTAVAIL;
}

int socket_connect_result(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return -errno;
	return -error;
}

static ssize_t receive(int fd, void *bytes, size_t room, int flags)
{
	ssize_t count;

	do
		count = receive_once(fd, bytes, room, MSG_DONTWAIT | flags);
	while (count < 0 && errno == EINTR);
	return count >= 0 ? count : -errno;
}

ssize_t socket_read(int fd, void *bytes, size_t room)
{
	return receive(fd, bytes, room, 0);
}

ssize_t socket_peek(int fd, void *bytes, size_t room)
{
	return receive(fd, bytes, room, MSG_PEEK);
}

/* One part goes by send(): it spares the kernel a header and a vector to copy. */
static ssize_t send_parts(int fd, const struct iovec *parts, int count, int flags)
{
	struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)parts,
				  .msg_iovlen = (size_t)count };

	flags |= MSG_NOSIGNAL | MSG_DONTWAIT;
	if (count == 1)
		return send_once(fd, parts->iov_base, parts->iov_len, flags);
	return sendmsg(fd, &message, flags);
}

static ssize_t write_parts(int fd, const struct iovec *parts, int count, int flags)
{
	ssize_t done;

	do
		done = send_parts(fd, parts, count, flags);
	while (done < 0 && errno == EINTR);
	return done >= 0 ? done : -errno;
}

ssize_t socket_write(int fd, const struct iovec *parts, int count)
{
	return write_parts(fd, parts, count, 0);
}

ssize_t socket_write_last(int fd, const struct iovec *parts, int count)
{
	return write_parts(fd, parts, count, MSG_MORE);
}

void socket_close(int fd)
{
	must(fd >= 0);
	/* A descriptor that is not ours to close is a bug that would hit somebody else's. */
	must(close(fd) == 0 || errno != EBADF);
}

void socket_close_listener(int fd)
{
	(void)shutdown(fd,
		       SHUT_RDWR); /* of the socket, not of the descriptor: it listens no more */
	socket_close(fd);
}

void socket_shutdown_write(int fd)
{
	(void)shutdown(fd, SHUT_WR); /* a peer that is gone already is no error */
}

void socket_reset_on_close(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void socket_abort(int fd)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	(void)connect(fd, &nobody, sizeof(nobody));
}

bool socket_is_quiet(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK);
}

size_t socket_pending(int fd)
{
	int bytes = 0;

	return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

bool socket_has_bytes(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int socket_local(int fd, struct address *address)
{
	socklen_t length = sizeof(*address);

	*address = (struct address){ 0 };
	return getsockname(fd, &address->any, &length) == 0 ? 0 : -errno;
}

int socket_peer(int fd, struct address *address)
{
	socklen_t length = sizeof(*address);

	*address = (struct address){ 0 };
	return getpeername(fd, &address->any, &length) == 0 ? 0 : -errno;
}

int socket_datagram(const struct address *to)
{
	int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (connect(fd, &to->any, address_length(to)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Of a raw socket: only answers come in, not what others ask. */
static void filter_answers(int fd, int family)
{
	struct icmp_filter v4 = { ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter v6;

	ICMP6_FILTER_SETBLOCKALL(&v6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
	else
		(void)setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4));
}

/* Answers of thousands of hosts may wait while our thread does something else. */
static void widen(int fd)
{
	if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, ECHO_BUFFER) != 0)
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, ECHO_BUFFER);
}

static int open_echo(int family, bool *is_raw)
{
	int protocol = family == AF_INET6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(family, SOCK_DGRAM | flags, protocol);

	*is_raw = fd < 0;
	if (fd >= 0)
		return fd;
	fd = socket(family, SOCK_RAW | flags, protocol);
	if (fd < 0)
		return -errno;
	filter_answers(fd, family);
	return fd;
}

int socket_echo(int family, bool *is_raw)
{
	int fd = open_echo(family, is_raw);

	if (fd >= 0)
		widen(fd);
	return fd;
}

ssize_t socket_send_to(int fd, const void *bytes, size_t length, const struct address *to)
{
	ssize_t count;

	do
		count = sendto(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any,
			       address_length(to));
	while (count < 0 && errno == EINTR);
	return count >= 0 ? count : -errno;
}

ssize_t socket_receive_from(int fd, void *bytes, size_t room, struct address *from)
{
	socklen_t length = sizeof(*from);
	ssize_t count;

	*from = (struct address){ 0 };
	do
		count = recvfrom(fd, bytes, room, MSG_DONTWAIT, &from->any, &length);
	while (count < 0 && errno == EINTR);
	return count >= 0 ? count : -errno;
}

static const struct {
	int error;
	const char *text;
} texts[] = {
	{ ECONNREFUSED, "connection refused" },
	{ ECONNRESET, "connection reset" },
	{ EPIPE, "connection closed" },
	{ ETIMEDOUT, "connection timed out" },
	{ EHOSTUNREACH, "no route to host" },
	{ ENETUNREACH, "network unreachable" },
	{ EADDRINUSE, "address already in use" },
	{ EADDRNOTAVAIL, "address not available" },
	{ EACCES, "not permitted" },
	{ EPERM, "not permitted" },
	{ EMFILE, "out of descriptors" },
	{ ENFILE, "out of descriptors" },
	{ ENOMEM, "out of memory" },
	{ ENOBUFS, "out of memory" },
	{ EAFNOSUPPORT, "address family not supported" },
};

const char *socket_error_text(int error)
{
	int positive = error < 0 ? -error : error;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == positive)
			return texts[i].text;
	return strerrordesc_np(positive) != NULL ? strerrordesc_np(positive) : "unknown error";
}
