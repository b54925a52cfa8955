/* SPDX-License-Identifier: Apache-2.0
 * wake.h - a descriptor that one thread makes readable to wake another (eventfd).
 *
 * Watched edge-triggered it need not be read: every wake is an edge of its own.
 */
#pragma once

#include "base/check.h"

int wake_open(void) MUST_USE; /* the descriptor, or -errno */
void wake_send(int fd);       /* from any thread */
void wake_clear(int fd);      /* not readable any more */
