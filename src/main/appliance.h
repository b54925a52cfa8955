/* SPDX-License-Identifier: Apache-2.0
 * appliance.h - the data process: the engines, the data plane on each, and the control thread.
 */
#pragma once

#include "admit/quota.h"
#include "control/keeper.h"

#include <stdbool.h>
#include <stdint.h>

struct persist;
struct vault;

struct appliance_options {
	const char *config_path;
	const char *socket_path;
	int socket_fd;         /* listening Unix socket for commands */
	unsigned engine_count; /* 1..ENGINES_MAX */
	bool is_strict;
	uint32_t drain_ms;
	struct quota_map *map;   /* borrowed: of appliance_pools() */
	struct vault *vault;     /* borrowed: of appliance_vault() */
	struct persist *persist; /* made before the fork: outlives the data process */
};

/* How many engines there are when nobody says: one for each CPU that this process may use. */
unsigned appliance_engines(void);

/* The supervisor's, before the first data process: the pools outlive those. NULL without memory. */
struct quota_map *appliance_pools(unsigned engine_count);

/* Likewise, for counters and rates. */
struct vault *appliance_vault(unsigned engine_count);

/* From start to end; returns the exit code. `options` is a struct appliance_options. */
int appliance_run(struct keeper *keeper, void *options);
