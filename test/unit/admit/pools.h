/* SPDX-License-Identifier: Apache-2.0
 * pools.h - engines and a map of pools on the test's own thread, for the tests of this room. Who
 * includes it says before how many: CORES engines, POOLS pools.
 */
#pragma once

#include "admit/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct quota_map *map;
static struct quota_core *cores[CORES];

static inline int open_map(void **unused)
{
	(void)unused;
	map = quota_map_new(CORES, POOLS);
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
	return map == NULL;
}

static inline int free_map(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < CORES; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return 0;
}

/* How many of `times` takes are granted. */
static inline int take(unsigned core, uint32_t pool, int times)
{
	int granted = 0;

	while (times-- > 0)
		granted += quota_take(cores[core], pool) == QUOTA_OK;
	return granted;
}

static inline void give(unsigned core, uint32_t pool, int times)
{
	while (times-- > 0)
		quota_give(cores[core], pool);
	quota_turn_end(cores[core]);
}

static inline struct quota_view view_of(uint32_t pool)
{
	struct quota_view view;

	quota_read(map, pool, &view);
	return view;
}
