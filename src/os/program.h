/* SPDX-License-Identifier: Apache-2.0
 * program.h - another program as a child process: what it prints is read, it may be killed with all
 * its children. Functions return -errno on failure. For one thread.
 *
 * It runs in a process group of its own under a warden (warden.h), reads nothing unless it is
 * given something, inherits no descriptor, and when we are root it runs as nobody, without a way to
 * new privileges. What it starts ends with it.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

/* Owner: who started it. */
struct program {
	int id;     /* of the warden; 0: none */
	int fd;     /* becomes readable when it has ended; the caller closes it; -1 */
	int output; /* what it prints comes out here, not blocking; closed by program_stop() */
};

/* `words` ends with NULL; words[0] is the path. A path that leads nowhere is an exit status of
 * 127. It reads what is behind the descriptor `input` (memory_file_new()), which stays the
 * caller's; -1: nothing. */
int program_start(const char *const words[], int input, struct program *program) MUST_USE;
/* The exit status, 128 + signal, or -EAGAIN while it runs. */
int program_status(struct program *program) MUST_USE;
/* What it has printed so far, at most `room` bytes. */
size_t program_read(const struct program *program, char *bytes, size_t room);
/* Has the warden kill it and all that it has started. Returns before that is done. */
void program_stop(struct program *program);
