/* SPDX-License-Identifier: Apache-2.0
 * warden.h - a process between us and a program that we run: whatever the program leaves behind
 * becomes its child (PR_SET_CHILD_SUBREAPER), also what has made itself a session of its own, and
 * it ends only when all of them have.
 *
 * Runs in a child that was just forked, maybe from a process with threads: only what is safe in a
 * signal handler is called. As root we keep our rights, so that the program, which is nobody,
 * cannot harm the warden; without, a program that kills its parent escapes with what has left its
 * group.
 */
#pragma once

#include <sys/types.h>

/* Before the program is forked: signals are kept for warden_watch(); asked to end by SIGTERM, also
 * when our own parent is gone. */
void warden_prepare(void);
/* Ends as the program ends, on SIGTERM, or when the other end of the socket `line` is closed. When
 * all descendants are dead it sends the program's exit status (128 + signal) as an int over the
 * line, and ends with it, too. `program` -1: there is none, and the status is 127. */
_Noreturn void warden_watch(pid_t program, int line);
