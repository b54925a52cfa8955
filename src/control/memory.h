/* SPDX-License-Identifier: Apache-2.0
 * memory.h - whether there is memory for what an operator wants, asked before it begins: a command
 * cannot go on without in its middle (base/heap.h).
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>

struct control;

/* For a plan and a snapshot beside the old ones. Fills the reserve when it can. */
bool memory_for_change(const struct control *control) MUST_USE;
/* For an answer about everything. */
bool memory_for_answer(const struct control *control) MUST_USE;
/* Now and then: the reserve was given up for something, and there may be memory again. */
void memory_keep(const struct control *control);
