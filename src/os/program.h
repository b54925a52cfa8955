/* SPDX-License-Identifier: Apache-2.0
 * program.h - another program: what it prints is read, it may be killed with all its children.
 * Functions return -errno on failure. For one thread.
 *
 * We do not fork: a process that has none of our descriptors does (starter.h). The program runs in
 * a process group of its own under a warden (warden.h), reads nothing unless it is given something,
 * inherits no descriptor, and when we are root it runs as nobody, without a way to new privileges.
 * What it starts ends with it.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

/* So much may it print before it waits for somebody who reads; only its begin is read. */
enum { PROGRAM_OUTPUT_BYTES = 1 << 20 };

/* Owner: who started it. */
struct program {
	int fd; /* the line to the warden: becomes readable when the program has ended. -1: none.
		 * The caller closes it, which has the warden kill what still runs; it returns
		 * before that is done */
	int output; /* what it prints comes out here, not blocking; closed by program_fini() */
};

/* Once, before this process has a descriptor whose copy would matter: connections of an engine.
 * Else the first start does it, as does the next when the starter was killed. 0 or -errno. */
int program_prepare(void) MUST_USE;
/* Undoes that. Programs that run do so until their fd is closed. */
void program_unprepare(void);
/* `words` ends with NULL; words[0] is the path. A path that leads nowhere is an exit status of
 * 127. It reads what is behind the descriptor `input` (memory_file_new()), which stays the
 * caller's; -1: nothing. -E2BIG: more than STARTER_WORDS or STARTER_BYTES. */
int program_start(const char *const words[], int input, struct program *program) MUST_USE;
/* Before fd is closed: the exit status, 128 + signal, or -EAGAIN while it runs. Told once. */
int program_status(struct program *program) MUST_USE;
/* What it has printed so far, at most `room` bytes. */
size_t program_read(const struct program *program, char *bytes, size_t room);
/* Closes the output; fd is the caller's. Also when none was started. */
void program_fini(struct program *program);
