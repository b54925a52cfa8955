/* SPDX-License-Identifier: Apache-2.0
 * control.h - the control plane of the data process: one thread, one loop. It reads commands,
 * publishes snapshots, runs the monitors and answers what an operator asks.
 *
 * The steps of a start, in this order: control_new() makes the loop, which engines need for their
 * mailboxes; the caller makes and starts the engines; control_start() reads the configuration and
 * publishes it; control_run() until the end; the caller joins the engines; control_free().
 */
#pragma once

#include "admit/quota.h"
#include "base/check.h"
#include "control/keeper.h"
#include "engine/engine.h"
#include "record/stat.h"

#include <stdbool.h>
#include <stdint.h>

struct control;
struct persist;
struct vault;

/* All borrowed, for as long as control lives. */
struct control_setup {
	struct engine **engines; /* may be filled after control_new() */
	unsigned engine_count;
	struct quota_map *map;
	struct vault *vault;                    /* NULL: counters and rates die with the process */
	const struct stat_engine *engine_stats; /* one for each engine */
	struct persist *persist;                /* shared with the engines */
	struct keeper *keeper;
	int socket_fd;           /* listening Unix socket for commands */
	const char *socket_path; /* for the log */
	const char *config_path;
	bool is_strict;    /* a fault in the file forbids the start */
	uint32_t drain_ms; /* how long a drain may last */
};

struct control *control_new(const struct control_setup *setup); /* NULL: said in the log */
struct loop *control_loop(struct control *control);
/* Engines run. False: the configuration does not allow a start; said in the log. */
bool control_start(struct control *control) MUST_USE;
/* Until the supervisor says stop, or a drain is over. Engines have been told MESSAGE_STOP then. */
void control_run(struct control *control);
/* To every engine: leave your loop. For a start that failed after the engines ran. */
void control_stop_engines(struct control *control);
/* After the engines have been joined. */
void control_free(struct control *control);
