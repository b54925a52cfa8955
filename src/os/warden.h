/* SPDX-License-Identifier: Apache-2.0
 * warden.h - a process between us and a program that we run: whatever the program leaves behind
 * becomes its child (PR_SET_CHILD_SUBREAPER), also what has made itself a session of its own, and
 * it ends only when all of them have.
 *
 * Runs in a child that was just forked from a process with threads: only what is safe in a signal
 * handler is called. As root we keep our rights, so that the program, which is nobody, cannot harm
 * the warden; without, a program that kills its parent escapes with what has left its group.
 */
#pragma once

#include <sys/types.h>

/* Before the program is forked: signals are kept for warden_watch(); asked to end by SIGTERM, also
 * when our own parent is gone. */
void warden_prepare(void);
/* Ends with the program's exit status (128 + signal), or on SIGTERM, all descendants dead.
 * -1: there is no program. */
_Noreturn void warden_watch(pid_t program);
