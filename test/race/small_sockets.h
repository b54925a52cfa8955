/* SPDX-License-Identifier: Apache-2.0
 * small_sockets.h - a network of the test's own whose sockets hold little, so that every write may
 * be cut short.
 */
#pragma once

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of each socket: at the least, in the beginning and at the most. */
static inline bool small_sockets_limit(const char *path)
{
	FILE *file = fopen(path, "we");
	bool is_done = file != NULL && fputs("4096 4096 4096", file) >= 0;

	return file != NULL && fclose(file) == 0 && is_done;
}

/* Before there are threads. False: it may not have one, and they hold what they do here. */
static inline bool small_sockets_begin(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;
	bool is_up;

	if (unshare(CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
	close(fd);
	return is_up && small_sockets_limit("/proc/sys/net/ipv4/tcp_wmem") &&
	       small_sockets_limit("/proc/sys/net/ipv4/tcp_rmem");
}
