/* SPDX-License-Identifier: Apache-2.0
 * local.h - Unix stream sockets, found by a path in the file system. Close-on-exec.
 *
 * Functions return -errno on failure.
 */
#pragma once

#include "base/check.h"

/* A listening, non-blocking socket that only its owner's user may open (mode 0600). A dead
 * socket's file is replaced; -EADDRINUSE when somebody answers there, or when it is no socket. */
int local_listen(const char *path) MUST_USE;
/* Takes the next client, non-blocking. */
int local_accept(int listener) MUST_USE;
/* A blocking connection to who listens there. */
int local_connect(const char *path) MUST_USE;
