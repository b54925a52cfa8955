/* SPDX-License-Identifier: Apache-2.0
 * store.h - which objects exist, by kind, name and uid, and a journal that takes changes back.
 *
 * Whoever changes an object calls store_edit() first. store_commit() makes everything since the
 * last commit stand, store_rollback() makes it undone; between them every removed object is still
 * in memory. Owner: control.
 */
#pragma once

#include "base/hash.h"
#include "base/list.h"
#include "config/object.h"

#include <stdbool.h>
#include <stdint.h>

enum store_change { STORE_ADDED, STORE_EDITED, STORE_REMOVED };

struct store_entry {
	enum store_change change;
	struct object *object;
	struct object *before; /* owned; of EDITED: what it was */
	struct list *behind;   /* of REMOVED: what it stood behind in its list */
};

struct store {
	struct list by_kind[KIND_COUNT];
	struct hash by_name[KIND_COUNT];
	struct hash by_uid; /* key: the eight bytes */
	unsigned counts[KIND_COUNT];
	uint64_t uid_last;
	struct store_entry *journal; /* owned */
	unsigned journal_count, journal_room;
};

void store_init(struct store *store);
void store_fini(struct store *store);

struct object *store_find(const struct store *store, enum kind_id kind, struct str name);
struct object *store_find_uid(const struct store *store, uint64_t uid);
uint64_t store_uid(struct store *store); /* a new one, for a binding */

/* The name must be free. */
struct object *store_add(struct store *store, const struct kind *kind, struct str name);
void store_edit(struct store *store, struct object *object);
void store_rename(struct store *store, struct object *object, struct str name);
/* Nothing may lead to it any more. */
void store_remove(struct store *store, struct object *object);

void store_commit(struct store *store);
void store_rollback(struct store *store);
