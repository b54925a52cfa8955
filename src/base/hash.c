/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/heap.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <sys/auxv.h>
#include <xxhash.h>

enum { ROOM_LEAST = 16, KEY_CHUNK = 64 };

/* The kernel hands 16 random bytes to every program at its start. */
static uint64_t seed(void)
{
	const void *random = (const void *)getauxval(
		AT_RANDOM); /* NOLINT: an address by contract */
	uint64_t value = 0;

	if (random != NULL)
		memcpy(&value, random, sizeof(value));
	return value;
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
	return XXH3_64bits_withSeed(bytes, length, seed());
}

uint64_t hash_name(const void *bytes, size_t length)
{
	return XXH3_64bits(bytes, length);
}

static void to_lower(char *to, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] | 0x20) : from[i];
}

/* The first bytes in lower case decide the code when case is ignored; equality looks at all. */
static uint32_t code_of(const struct hash *hash, struct str key)
{
	char lower[KEY_CHUNK];
	uint64_t code = key.length;

	if (!hash->ignores_case)
		return (uint32_t)hash_bytes(key.at, key.length);
	for (size_t at = 0; at < key.length; at += KEY_CHUNK) {
		size_t length = key.length - at < KEY_CHUNK ? key.length - at : KEY_CHUNK;

		to_lower(lower, key.at + at, length);
		code = code * 0x9E3779B97F4A7C15u + hash_bytes(lower, length);
	}
	return (uint32_t)(code ^ code >> 32);
}

void hash_init(struct hash *hash, bool ignores_case)
{
	*hash = (struct hash){ .ignores_case = ignores_case };
}

static void free_key(struct hash_entry *entry)
{
	free((void *)(uintptr_t)entry->key.at);
	*entry = (struct hash_entry){ 0 };
}

void hash_fini(struct hash *hash)
{
	for (size_t i = 0; i < hash->used; i++)
		if (hash->entries[i].key.at != NULL)
			free_key(&hash->entries[i]);
	free(hash->entries);
	free(hash->table);
	hash_init(hash, hash->ignores_case);
}

static bool is_key(const struct hash *hash, const struct hash_entry *entry, uint32_t code,
		   struct str key)
{
	if (entry->code != code || entry->key.at == NULL)
		return false;
	return hash->ignores_case ? str_equal_nocase(entry->key, key) : str_equal(entry->key, key);
}

/* Holes stay in the table until the next rebuild, so that a search walks over them. */
static struct hash_entry *find(const struct hash *hash, uint32_t code, struct str key)
{
	size_t mask = hash->room * 2 - 1;

	if (hash->count == 0)
		return NULL;
	for (size_t place = code & mask; hash->table[place] != 0; place = (place + 1) & mask) {
		struct hash_entry *entry = &hash->entries[hash->table[place] - 1];

		if (is_key(hash, entry, code, key))
			return entry;
	}
	return NULL;
}

static void insert_place(struct hash *hash, size_t index)
{
	size_t mask = hash->room * 2 - 1;
	size_t place = hash->entries[index].code & mask;

	while (hash->table[place] != 0)
		place = (place + 1) & mask;
	hash->table[place] = (uint32_t)(index + 1);
}

/* All entries anew without holes, with room for one more at least. */
static void rebuild(struct hash *hash)
{
	size_t room = ROOM_LEAST;
	struct hash_entry *old = hash->entries;
	size_t old_used = hash->used;

	while (room < hash->count * 2)
		room *= 2;
	must(room < UINT32_MAX / 2);
	free(hash->table);
	hash->entries = heap_zeroed(room, sizeof(*hash->entries));
	hash->table = heap_zeroed(room * 2, sizeof(*hash->table));
	must(hash->entries != NULL && hash->table != NULL);
	hash->room = room;
	hash->used = 0;
	for (size_t i = 0; i < old_used; i++) {
		if (old[i].key.at == NULL)
			continue;
		hash->entries[hash->used] = old[i];
		insert_place(hash, hash->used++);
	}
	free(old);
}

void *hash_get(const struct hash *hash, struct str key)
{
	struct hash_entry *entry = find(hash, code_of(hash, key), key);

	return entry != NULL ? entry->thing : NULL;
}

void *hash_put(struct hash *hash, struct str key, void *thing)
{
	uint32_t code = code_of(hash, key);
	struct hash_entry *entry = find(hash, code, key);

	must(thing != NULL);
	if (entry != NULL) {
		void *before = entry->thing;

		entry->thing = thing;
		return before;
	}
	if (hash->used == hash->room)
		rebuild(hash);
	hash->entries[hash->used] =
		(struct hash_entry){ { str_dup(key), key.length }, thing, code };
	insert_place(hash, hash->used++);
	hash->count++;
	return NULL;
}

void *hash_remove(struct hash *hash, struct str key)
{
	struct hash_entry *entry = find(hash, code_of(hash, key), key);
	void *thing;

	if (entry == NULL)
		return NULL;
	thing = entry->thing;
	free_key(entry);
	hash->count--;
	return thing;
}

bool hash_next(const struct hash *hash, size_t *at, struct str *key, void **thing)
{
	while (*at < hash->used && hash->entries[*at].key.at == NULL)
		(*at)++;
	if (*at == hash->used)
		return false;
	if (key != NULL)
		*key = hash->entries[*at].key;
	*thing = hash->entries[*at].thing;
	(*at)++;
	return true;
}
