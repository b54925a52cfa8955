/* SPDX-License-Identifier: Apache-2.0
 * prompt.h - the prompt of spillway cli at a terminal: lines with history, Tab completes, ? helps.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"

#include <stdbool.h>

/* What is done with lines; each ends with a newline. */
struct prompt_host {
	void *context;
	/* Runs it and prints what comes back. False: no more lines. */
	bool (*run)(void *context, struct str line);
	/* Prints nothing. False: there is no good answer. */
	bool (*ask)(void *context, struct str line, struct text *answer);
};

/* Until the end of the input, or until the host says so. */
void prompt_run(const struct prompt_host *host);
