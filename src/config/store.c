/* SPDX-License-Identifier: Apache-2.0 */
#include "config/store.h"

#include "base/heap.h"

#include <stdlib.h>

static struct str uid_key(const uint64_t *uid)
{
	return (struct str){ (const char *)uid, sizeof(*uid) };
}

void store_init(struct store *store)
{
	*store = (struct store){ 0 };
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		list_init(&store->by_kind[i]);
		hash_init(&store->by_name[i], false);
	}
	hash_init(&store->by_uid, false);
}

void store_fini(struct store *store)
{
	store_commit(store);
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		list_each(link, after, &store->by_kind[i])
			object_free(list_entry(link, struct object, by_kind));
		hash_fini(&store->by_name[i]);
	}
	hash_fini(&store->by_uid);
	free(store->journal);
}

struct object *store_find(const struct store *store, enum kind_id kind, struct str name)
{
	return hash_get(&store->by_name[kind], name);
}

struct object *store_find_uid(const struct store *store, uint64_t uid)
{
	return hash_get(&store->by_uid, uid_key(&uid));
}

uint64_t store_uid(struct store *store)
{
	return ++store->uid_last;
}

static void note(struct store *store, struct store_entry entry)
{
	if (store->journal_count == store->journal_room) {
		store->journal_room = store->journal_room * 2 + 16;
		store->journal = heap_resized(store->journal,
					      store->journal_room * sizeof(*store->journal));
		must(store->journal != NULL);
	}
	store->journal[store->journal_count++] = entry;
}

static void link_in(struct store *store, struct object *object)
{
	hash_put(&store->by_name[object->kind->id], object_name(object), object);
	hash_put(&store->by_uid, uid_key(&object->uid), object);
	store->counts[object->kind->id]++;
}

static void link_out(struct store *store, struct object *object)
{
	list_remove(&object->by_kind);
	hash_remove(&store->by_name[object->kind->id], object_name(object));
	hash_remove(&store->by_uid, uid_key(&object->uid));
	store->counts[object->kind->id]--;
}

struct object *store_add(struct store *store, const struct kind *kind, struct str name)
{
	struct object *object = object_new(kind, name);

	must(store_find(store, kind->id, name) == NULL);
	object->uid = store_uid(store);
	list_add_last(&store->by_kind[kind->id], &object->by_kind);
	link_in(store, object);
	note(store, (struct store_entry){ .change = STORE_ADDED, .object = object });
	return object;
}

void store_edit(struct store *store, struct object *object)
{
	for (unsigned i = store->journal_count; i > 0; i--)
		if (store->journal[i - 1].object == object)
			return;
	note(store, (struct store_entry){ STORE_EDITED, object, object_copy(object), NULL });
}

static void put_name(struct store *store, struct object *object, struct str name)
{
	struct hash *names = &store->by_name[object->kind->id];
	char *copy = str_dup(name);

	hash_remove(names, object_name(object));
	free(object->values[0].text);
	object->values[0].text = copy;
	hash_put(names, object_name(object), object);
}

void store_rename(struct store *store, struct object *object, struct str name)
{
	must(store_find(store, object->kind->id, name) == NULL);
	store_edit(store, object);
	put_name(store, object, name);
}

void store_remove(struct store *store, struct object *object)
{
	struct list *behind = object->by_kind.previous;

	link_out(store, object);
	note(store, (struct store_entry){ STORE_REMOVED, object, NULL, behind });
}

void store_commit(struct store *store)
{
	for (unsigned i = 0; i < store->journal_count; i++) {
		object_free(store->journal[i].before);
		if (store->journal[i].change == STORE_REMOVED)
			object_free(store->journal[i].object);
	}
	store->journal_count = 0;
}

static void undo(struct store *store, struct store_entry *entry)
{
	struct object *object = entry->object;

	switch (entry->change) {
	case STORE_ADDED:
		link_out(store, object);
		object_free(object);
		return;
	case STORE_EDITED:
		put_name(store, object, object_name(entry->before));
		object_take(object, entry->before);
		return;
	case STORE_REMOVED:
		list_add_first(entry->behind, &object->by_kind);
		link_in(store, object);
		return;
	}
}

void store_rollback(struct store *store)
{
	while (store->journal_count > 0)
		undo(store, &store->journal[--store->journal_count]);
}
