/* SPDX-License-Identifier: Apache-2.0
 * held_out.h - virtual servers that were down and wait for an operator (-disablePrimaryOnDown), so
 * that a next data process knows them: comments behind the configuration that is kept for it.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"

struct control;

/* A line for each: "# held out NAME". */
void held_out_print(const struct control *control, struct text *text);
/* Those that such lines name, as far as they are configured so, are held out. */
void held_out_read(struct control *control, struct str kept);
