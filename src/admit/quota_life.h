/* SPDX-License-Identifier: Apache-2.0
 * quota_life.h - the pools over the lives of engines and of data processes.
 *
 * The supervisor makes the map before it forks, so that the shared mapping outlives a data process;
 * the process inherits the struct, whose private parts are as the supervisor left them. After a
 * crash every use is over (its connection died), whatever the words say: quota_map_revive() counts
 * what came back and what was missing, and deals every pool out anew under the limit that it had.
 * Control then claims its pools by key; they go on with their counts.
 *
 * An engine may also die alone, with its thread, or stay out: what it held comes back exactly once,
 * and the shares are those of the engines that live. Source: doc/quota.md, P5.
 */
#pragma once

#include "admit/quota.h"

/* Of a kind and a name: the same in every process; never 0. */
uint64_t quota_key(const char *kind, const char *name, size_t length);

/* The data process, before anything else. The first one finds nothing to do. Aborts without memory.
 */
void quota_map_revive(struct quota_map *map);
/* Control. The pool that had this key in an earlier process, once; QUOTA_NONE: there is none. Limit
 * and rule are as they were. */
uint32_t quota_claim(struct quota_map *map, uint64_t key) MUST_USE;
/* Control. By which the next process finds the pool; 0: not at all. Of two pools with one key one
 * is found. */
void quota_set_key(struct quota_map *map, uint32_t pool, uint64_t key);
/* Control, when everything that is configured has claimed: the rest is closed. How many. */
unsigned quota_close_unclaimed(struct quota_map *map);

/* For an engine that dies, or comes, by itself. The product has the same engines from the start of
 * a data process to its end, and quota_map_revive() ends the uses of all of them, so it calls
 * neither of the two; simulations and tests do. */

/* Control, after the thread has ended. What it had in its hands at that moment, of a line as well,
 * is missing until the next audit (quota_audit.h). */
void quota_core_dead(struct quota_map *map, unsigned core);
/* Control: it is to take part again, before its thread starts; of a pool with a line, after that
 * audit. */
void quota_core_join(struct quota_map *map, unsigned core);
