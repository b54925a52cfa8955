/* SPDX-License-Identifier: Apache-2.0 */
#include "os/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int channel_open(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

static void attach(struct msghdr *header, union control *control, int passed)
{
	struct cmsghdr *part;

	memset(control, 0, sizeof(*control));
	header->msg_control = control->bytes;
	header->msg_controllen = sizeof(control->bytes);
	part = CMSG_FIRSTHDR(header);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &passed, sizeof(int));
}

int channel_send(int fd, const void *packet, size_t length, int passed)
{
	/* sendmsg does not write through it; the field has no const. */
	struct iovec part = { (void *)(unsigned long)packet, length };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t sent;

	if (passed >= 0)
		attach(&header, &control, passed);
	do
		sent = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int detach(struct msghdr *header)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);
	int passed = -1;

	if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&passed, CMSG_DATA(part), sizeof(int));
	return passed;
}

enum channel_result channel_receive(int fd, void *packet, size_t length, int *passed)
{
	struct iovec part = { packet, length };
	union control control;
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;

	*passed = -1;
	do
		got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? CHANNEL_NONE : CHANNEL_OVER;
	*passed = detach(&header);
	if ((size_t)got == length && !(header.msg_flags & MSG_TRUNC))
		return CHANNEL_GOT;
	if (*passed >= 0)
		close(*passed);
	*passed = -1;
	return CHANNEL_OVER;
}
