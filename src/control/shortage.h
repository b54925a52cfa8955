/* SPDX-License-Identifier: Apache-2.0
 * shortage.h - engines that take no clients because descriptors or memory ran out: one line in the
 * log when it begins, on whichever engine, and one when it has been over for a while.
 *
 * At the edge engines pause and go on many times a second; the log does not.
 */
#pragma once

#include "base/check.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHORTAGE_OVER_MS = 5000 };

/* Owner: control. */
struct shortage {
	struct loop *loop;  /* borrowed */
	uint64_t paused[2]; /* bit for each engine */
	bool is_on;         /* was said */
	struct timer timer; /* armed while it seems to be over */
};

void shortage_init(struct shortage *shortage, struct loop *loop);
void shortage_fini(struct shortage *shortage);
/* MESSAGE_ACCEPT_PAUSED; `error` is an errno, 0: it goes on. */
void shortage_tell(struct shortage *shortage, unsigned engine, int error);
bool shortage_has(const struct shortage *shortage, unsigned engine);
