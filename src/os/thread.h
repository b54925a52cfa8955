/* SPDX-License-Identifier: Apache-2.0
 * thread.h - threads and the CPUs they may run on. Functions return -errno on failure.
 */
#pragma once

#include "base/check.h"

#include <pthread.h>

/* All signals are blocked on the new thread: they are for the first one. */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument) MUST_USE;
void thread_join(pthread_t thread);
/* The calling thread. */
int thread_pin(int cpu);
void thread_name(const char *name); /* cut to 15 bytes */
/* The CPUs that this process may use, ascending: fills at most `room`, returns how many there are.
 */
int thread_cpus(int *cpus, int room) MUST_USE;
