/* SPDX-License-Identifier: Apache-2.0
 * hash.h - a map from text to things, for the control plane. Owns its keys, not the things.
 *
 * Walked in the order in which keys were first put. Keyed with random bytes of this process, so
 * that nobody outside can choose names that collide. Without memory it aborts.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_entry {
	struct str key; /* owned; ends with NUL; at is NULL where one was removed */
	void *thing;    /* borrowed; never NULL while the key is there */
	uint32_t code;  /* of the key */
};

struct hash {
	bool ignores_case;          /* ASCII letters */
	size_t count;               /* keys that are there */
	struct hash_entry *entries; /* owned; in order, with holes */
	size_t used, room;          /* entries with holes; places in `entries` */
	uint32_t *table; /* owned; room * 2 places: 0 empty, else index of an entry + 1 */
};

void hash_init(struct hash *hash, bool ignores_case);
void hash_fini(struct hash *hash); /* empty again, and usable */

/* NULL: not there. */
void *hash_get(const struct hash *hash, struct str key);
/* Returns what was there before (it is replaced and keeps its place and spelling), or NULL. */
void *hash_put(struct hash *hash, struct str key, void *thing);
/* Returns what was there, or NULL. */
void *hash_remove(struct hash *hash, struct str key);

/* Begin with *at = 0. False at the end. The current key may be removed meanwhile; none may be put.
 * `key` may be NULL. */
bool hash_next(const struct hash *hash, size_t *at, struct str *key, void **thing);

/* Keyed as the maps are: differs from process to process. */
uint64_t hash_bytes(const void *bytes, size_t length);
/* The same in every process: of what the operator names, never of what strangers send. */
uint64_t hash_name(const void *bytes, size_t length);
