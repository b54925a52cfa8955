/* SPDX-License-Identifier: Apache-2.0
 * supervisor.h - the parent process: starts the data process again when it dies.
 *
 * SIGTERM asks the data process to drain: no new clients, and it ends when the last has left or
 * when the time is over. SIGINT, or a second SIGTERM, ends it at once. SIGHUP is ignored: the
 * running configuration is changed over the command line. The data process dies with the
 * supervisor.
 */
#pragma once

#include "control/keeper.h"

#include <stdint.h>

struct supervisor_plan {
	/* The data process: runs in the child until it ends, returns the exit code. The keeper has
	 * what an earlier data process left. */
	int (*run)(struct keeper *keeper, void *argument);
	void *argument;    /* borrowed */
	uint32_t drain_ms; /* how long a drain may last */
};

/* Until the end; returns the exit code. */
int supervisor_run(const struct supervisor_plan *plan);
