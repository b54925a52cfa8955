/* SPDX-License-Identifier: Apache-2.0
 * execute.h - one command of an operator, done or refused, and its answer in words.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"

struct control;

/* Returns 0 when it was done ("Done"), 1 when it was refused ("ERROR: ..."): then nothing has
 * changed. Warnings stand before "Done". A change is published later. */
unsigned execute_line(struct control *control, struct str line, struct text *answer);
