/* SPDX-License-Identifier: Apache-2.0 */
#include "os/poll.h"

#include <errno.h>
#include <stddef.h>

int poll_open(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

static int control(int poll_fd, int operation, int fd, uint32_t events, void *thing)
{
	struct epoll_event event = { .events = events, .data.ptr = thing };

	return epoll_ctl(poll_fd, operation, fd, &event) == 0 ? 0 : -errno;
}

int poll_add(int poll_fd, int fd, uint32_t events, void *thing)
{
	return control(poll_fd, EPOLL_CTL_ADD, fd, events, thing);
}

int poll_change(int poll_fd, int fd, uint32_t events, void *thing)
{
	return control(poll_fd, EPOLL_CTL_MOD, fd, events, thing);
}

void poll_remove(int poll_fd, int fd)
{
	must(control(poll_fd, EPOLL_CTL_DEL, fd, 0, NULL) == 0);
}

int poll_wait(int poll_fd, struct epoll_event *events, int room, int timeout_ms)
{
	int count = epoll_wait(poll_fd, events, room, timeout_ms);

	if (count >= 0)
		return count;
	return errno == EINTR ? 0 : -errno;
}
