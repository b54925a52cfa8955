/* SPDX-License-Identifier: Apache-2.0
 * vault.h - blocks of memory that the next data process finds again, by key: counters and rates.
 *
 * The supervisor makes it before the fork. A data process begins with vault_recover(): what earlier
 * ones had open waits then for whoever claims it by key and size, and is lost when nobody has until
 * vault_close_unclaimed(). A process may die at any step of any call here: a block
 * is then there or not, never half.
 *
 * Where it is full, or there is none, a block is ordinary memory that dies with the process.
 */
#pragma once

#include "base/check.h"

#include <stddef.h>
#include <stdint.h>

/* Owner: control; before the fork, the supervisor. */
struct vault;

/* `bytes` are reserved, and taken from the system as they are used. NULL without memory. */
struct vault *vault_new(size_t bytes);
void vault_free(struct vault *vault); /* NULL is allowed */
void vault_recover(struct vault *vault);

/* What an earlier process left under that key, once; NULL: nothing of that size. */
void *vault_claim(struct vault *vault, uint64_t key, size_t bytes) MUST_USE;
/* A new block on lines of its own, all zero. The key: quota_key(). Of two blocks with one key the
 * next process finds the newer. */
void *vault_open(struct vault *vault, uint64_t key, size_t bytes) MUST_USE;
void vault_set_key(void *block, uint64_t key);
/* NULL is allowed. */
void vault_close(struct vault *vault, void *block);
/* How many. */
unsigned vault_close_unclaimed(struct vault *vault);
