/* SPDX-License-Identifier: Apache-2.0
 * poll.h - epoll. Functions return -errno on failure.
 */
#pragma once

#include "base/check.h"

#include <stdint.h>
#include <sys/epoll.h>

int poll_open(void) MUST_USE; /* the descriptor */
/* `events` as of epoll_ctl(2); `thing` comes back in data.ptr. */
int poll_add(int poll_fd, int fd, uint32_t events, void *thing) MUST_USE;
int poll_change(int poll_fd, int fd, uint32_t events, void *thing) MUST_USE;
void poll_remove(int poll_fd, int fd);
/* How many events came; timeout -1: for ever. An interruption counts as none. */
int poll_wait(int poll_fd, struct epoll_event *events, int room, int timeout_ms) MUST_USE;
