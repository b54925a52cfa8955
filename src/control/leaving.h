/* SPDX-License-Identifier: Apache-2.0
 * leaving.h - what is on its way out of service ("disable service NAME DELAY -graceFul YES"), so
 * that a next data process lets it go on: comments behind the configuration that is kept for it.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"

struct control;

/* A line for each: "# leaving UNTIL GRACEFUL COMMAND", until when on the machine's monotonic clock
 * in milliseconds (0: no end), and the command without its delay. */
void leaving_print(const struct control *control, struct text *text);
/* Such commands are said again, with what is left of their delays. After the configuration was
 * loaded, before its first plan. */
void leaving_read(struct control *control, struct str kept);
