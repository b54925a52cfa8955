/* SPDX-License-Identifier: Apache-2.0 */
#include "os/wake.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_open(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd >= 0 ? fd : -errno;
}

/* Full after 2^64 - 2 wakes that nobody cleared: then it is readable anyhow. */
void wake_send(int fd)
{
	must(eventfd_write(fd, 1) == 0 || errno == EAGAIN);
}

void wake_clear(int fd)
{
	eventfd_t count;

	must(eventfd_read(fd, &count) == 0 || errno == EAGAIN);
}
