/* SPDX-License-Identifier: Apache-2.0
 * show_spillover.h - `show spillover audit [vserver]`, `show spillover events [vserver]`:
 * words of ours about the quota pools.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "base/text.h"

#include <stdbool.h>

struct control;

/* False when the line is another command, or none. *is_right becomes false when the answer is an
 * error. */
bool show_spillover(struct control *control, struct str line, bool *is_right,
		    struct text *answer) MUST_USE;
