/* SPDX-License-Identifier: Apache-2.0 */
#include "persist/persist.h"

#include "os/mapping.h"

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/random.h>

enum {
	TRIES = 256,       /* of an engine, at a few nanoseconds each */
	PATIENCE = 1 << 20 /* of control, which may wait */
};

typedef _Atomic uint64_t word;

/* Shared by all engines: written while the bucket's sequence is odd. */
struct entry {
	word owner, value;
	word stamp; /* when it expires, shifted by 8; below that its kind. 0: empty */
	word source[2], destination[2];
	word unused;
};

/* The hashes lie in the line of the sequence, so that most searches touch two lines. */
struct bucket {
	word sequence; /* odd: somebody writes */
	word hashes[PERSIST_BUCKET];
	struct entry entries[PERSIST_BUCKET];
};

static_assert(sizeof(struct bucket) == 512 && sizeof(struct entry) == 64, "lines of a cache");

struct persist {
	struct sip_key secret;
	size_t bytes;
	uint64_t mask; /* of the number of a bucket */
	word *used;    /* a bit for each bucket that was ever written: a walk touches no others */
	struct bucket *buckets;
};

/* --- life --- */

struct persist *persist_new(uint32_t buckets)
{
	size_t head = 64, bits = (buckets + 511) / 512 * 64;
	size_t bytes = head + bits + buckets * sizeof(struct bucket);
	struct persist *table;
	char *memory;

	must(buckets >= 64 && (buckets & (buckets - 1)) == 0);
	static_assert(sizeof(*table) <= 64, "the head fits its line");
	memory = mapping_new(bytes);
	if (memory == NULL)
		return NULL;
	table = (struct persist *)(void *)memory;
	table->bytes = bytes;
	table->mask = buckets - 1;
	table->used = (word *)(void *)(memory + head);
	table->buckets = (struct bucket *)(void *)(memory + head + bits);
	if (getrandom(&table->secret, sizeof(table->secret), 0) == sizeof(table->secret))
		return table;
	mapping_free(memory, bytes);
	return NULL;
}

void persist_free(struct persist *table)
{
	if (table != NULL)
		mapping_free(table, table->bytes);
}

const struct sip_key *persist_secret(const struct persist *table)
{
	return &table->secret;
}

void persist_set_secret(struct persist *table, const struct sip_key *secret)
{
	table->secret = *secret;
}

static uint64_t load(const word *at)
{
	return atomic_load_explicit(at, memory_order_acquire);
}

static void store(word *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_release);
}

/* --- the protocol of a bucket ---
 *
 * 1. A writer makes the sequence odd by compare-and-swap: so there is one at a time.
 * 2. Its stores are releases, and so none is seen before the odd sequence is.
 * 3. A reader's loads are acquires, and so the second look at the sequence comes last: when it is
 *    even and has not moved, no store of a writer lies between.
 */

static void pause_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static bool lock(struct bucket *bucket, unsigned tries)
{
	for (; tries > 0; tries--) {
		uint64_t sequence = atomic_load_explicit(&bucket->sequence, memory_order_relaxed);

		/* Acquire: pairs with unlock(), so that we see what the last writer wrote. */
		if ((sequence & 1) == 0 && atomic_compare_exchange_strong_explicit(
						   &bucket->sequence, &sequence, sequence + 1,
						   memory_order_acquire, memory_order_relaxed))
			return true;
		pause_a_little();
		if (tries % TRIES == 1 && tries > 1)
			sched_yield(); /* only control has so many */
	}
	return false;
}

static void unlock(struct bucket *bucket)
{
	store(&bucket->sequence, load(&bucket->sequence) + 1);
}

static struct bucket *bucket_of(struct persist *table, uint64_t hash)
{
	return &table->buckets[hash & table->mask];
}

static void note_used(struct persist *table, uint64_t hash)
{
	uint64_t number = hash & table->mask, bit = (uint64_t)1 << number % 64;
	word *at = &table->used[number / 64];

	if ((atomic_load_explicit(at, memory_order_relaxed) & bit) == 0)
		atomic_fetch_or_explicit(at, bit, memory_order_relaxed);
}

/* --- entries --- */

static uint64_t expiry_of(uint64_t stamp)
{
	return stamp >> 8;
}

static uint64_t make_stamp(const struct persist_key *key, uint64_t now_s, uint32_t timeout_s)
{
	uint64_t expiry = timeout_s == 0 ? PERSIST_FOREVER : now_s + timeout_s;

	return expiry << 8 | key->kind;
}

static bool is_alive(uint64_t stamp, uint64_t now_s)
{
	return expiry_of(stamp) > now_s || expiry_of(stamp) == PERSIST_FOREVER;
}

static bool is_of(const struct entry *entry, const struct persist_key *key)
{
	return load(&entry->owner) == key->owner && (load(&entry->stamp) & 0xff) == key->kind &&
	       load(&entry->source[0]) == key->source[0] &&
	       load(&entry->source[1]) == key->source[1] &&
	       load(&entry->destination[0]) == key->destination[0] &&
	       load(&entry->destination[1]) == key->destination[1];
}

static struct entry *find(struct bucket *bucket, const struct persist_key *key)
{
	for (unsigned index = 0; index < PERSIST_BUCKET; index++)
		if (load(&bucket->hashes[index]) == key->hash &&
		    is_of(&bucket->entries[index], key))
			return &bucket->entries[index];
	return NULL;
}

/* The one that expires first: an empty one has done so long ago. */
static unsigned find_oldest(const struct bucket *bucket)
{
	unsigned oldest = 0;

	for (unsigned index = 1; index < PERSIST_BUCKET; index++)
		if (expiry_of(load(&bucket->entries[index].stamp)) <
		    expiry_of(load(&bucket->entries[oldest].stamp)))
			oldest = index;
	return oldest;
}

static void write_key(struct entry *entry, const struct persist_key *key)
{
	store(&entry->owner, key->owner);
	for (unsigned half = 0; half < 2; half++) {
		store(&entry->source[half], key->source[half]);
		store(&entry->destination[half], key->destination[half]);
	}
}

static void forget(struct bucket *bucket, unsigned index)
{
	store(&bucket->hashes[index], 0);
	store(&bucket->entries[index].stamp, 0);
}

/* --- use --- */

/* At most once a second. Whoever changed the stamp meanwhile knows better. */
static void prolong(struct entry *entry, uint64_t stamp, uint64_t later)
{
	if (later != stamp)
		atomic_compare_exchange_strong_explicit(&entry->stamp, &stamp, later,
							memory_order_release, memory_order_relaxed);
}

/* The value of a live entry and the entry with its stamp; 0: there is none. */
static uint64_t read_entry(struct bucket *bucket, const struct persist_key *key, uint64_t now_s,
			   struct entry **entry, uint64_t *stamp)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint64_t sequence = load(&bucket->sequence), value = 0;

		if (sequence & 1) {
			pause_a_little();
			continue;
		}
		*stamp = 0;
		*entry = find(bucket, key);
		if (*entry != NULL) {
			value = load(&(*entry)->value);
			*stamp = load(&(*entry)->stamp);
		}
		if (load(&bucket->sequence) != sequence)
			continue;
		return *entry != NULL && is_alive(*stamp, now_s) ? value : 0;
	}
	return 0;
}

uint64_t persist_use(struct persist *table, const struct persist_key *key, uint64_t now_s,
		     uint32_t timeout_s)
{
	struct bucket *bucket = bucket_of(table, key->hash);
	struct entry *entry;
	uint64_t stamp, value = read_entry(bucket, key, now_s, &entry, &stamp);

	if (value != 0)
		prolong(entry, stamp, make_stamp(key, now_s, timeout_s));
	return value;
}

uint64_t persist_look(struct persist *table, const struct persist_key *key, uint64_t now_s)
{
	struct entry *entry;
	uint64_t stamp;

	return read_entry(bucket_of(table, key->hash), key, now_s, &entry, &stamp);
}

static enum persist_end put_locked(struct bucket *bucket, const struct persist_key *key,
				   uint64_t now_s, uint64_t stamp, uint64_t value)
{
	struct entry *entry = find(bucket, key);
	enum persist_end end = PERSIST_KEPT;

	if (entry == NULL) {
		unsigned index = find_oldest(bucket);

		entry = &bucket->entries[index];
		if (is_alive(load(&entry->stamp), now_s))
			end = PERSIST_FULL;
		store(&bucket->hashes[index], key->hash);
		write_key(entry, key);
	}
	store(&entry->value, value);
	store(&entry->stamp, stamp);
	return end;
}

enum persist_end persist_put(struct persist *table, const struct persist_key *key, uint64_t now_s,
			     uint32_t timeout_s, uint64_t *seen, uint64_t value)
{
	struct bucket *bucket = bucket_of(table, key->hash);
	enum persist_end end = PERSIST_KEPT;
	const struct entry *entry;
	uint64_t present = 0;

	must(value != 0);
	if (!lock(bucket, TRIES)) {
		*seen = value;
		return PERSIST_LOST;
	}
	note_used(table, key->hash);
	entry = find(bucket, key);
	if (entry != NULL && is_alive(load(&entry->stamp), now_s))
		present = load(&entry->value);
	if (present == *seen || present == value || present == 0) {
		end = put_locked(bucket, key, now_s, make_stamp(key, now_s, timeout_s), value);
		present = value;
	}
	unlock(bucket);
	*seen = present;
	return end;
}

/* --- all of them --- */

/* The next bucket that was ever written; false: there is none. */
static bool next_used(const struct persist *table, uint64_t *number)
{
	for (; *number <= table->mask; *number = (*number | 63) + 1) {
		uint64_t bits = load(&table->used[*number / 64]) >> *number % 64;

		if (bits == 0)
			continue;
		*number += (unsigned)__builtin_ctzll(bits);
		return true;
	}
	return false;
}

void persist_recover(struct persist *table)
{
	for (uint64_t number = 0; next_used(table, &number); number++) {
		struct bucket *bucket = &table->buckets[number];

		if ((load(&bucket->sequence) & 1) == 0)
			continue;
		for (unsigned index = 0; index < PERSIST_BUCKET; index++)
			forget(bucket, index);
		unlock(bucket);
	}
}

static void copy_entry(const struct bucket *bucket, unsigned index, struct persist_entry *copy)
{
	const struct entry *entry = &bucket->entries[index];
	uint64_t stamp = load(&entry->stamp);

	*copy = (struct persist_entry){
		.key = { .hash = load(&bucket->hashes[index]),
			 .owner = load(&entry->owner),
			 .kind = stamp & 0xff,
			 .source = { load(&entry->source[0]), load(&entry->source[1]) },
			 .destination = { load(&entry->destination[0]),
					  load(&entry->destination[1]) } },
		.value = load(&entry->value),
		.expiry_s = (uint32_t)expiry_of(stamp),
	};
}

/* All of a bucket at one moment; false: it was written to all the time. */
static bool copy_bucket(struct bucket *bucket, struct persist_entry copies[PERSIST_BUCKET])
{
	for (unsigned tries = 0; tries < PATIENCE; tries++) {
		uint64_t sequence = load(&bucket->sequence);

		if (tries % TRIES == TRIES - 1)
			sched_yield();
		if (sequence & 1)
			continue;
		for (unsigned index = 0; index < PERSIST_BUCKET; index++)
			copy_entry(bucket, index, &copies[index]);
		if (load(&bucket->sequence) == sequence)
			return true;
	}
	return false;
}

void persist_walk(struct persist *table, uint64_t now_s, persist_visit_fn *visit, void *context)
{
	struct persist_entry copies[PERSIST_BUCKET];

	for (uint64_t number = 0; next_used(table, &number); number++) {
		if (!copy_bucket(&table->buckets[number], copies))
			continue;
		for (unsigned index = 0; index < PERSIST_BUCKET; index++)
			if (copies[index].expiry_s > now_s && !visit(context, &copies[index]))
				return;
	}
}

static bool has_source(const struct entry *entry, const struct persist_key *like)
{
	return load(&entry->source[0]) == like->source[0] &&
	       load(&entry->source[1]) == like->source[1];
}

static uint64_t clear_bucket(struct bucket *bucket, uint64_t owner, const struct persist_key *like,
			     uint64_t now_s)
{
	uint64_t cleared = 0;

	for (unsigned index = 0; index < PERSIST_BUCKET; index++) {
		const struct entry *entry = &bucket->entries[index];

		if (!is_alive(load(&entry->stamp), now_s) ||
		    (owner != 0 && load(&entry->owner) != owner) ||
		    (like != NULL && !has_source(entry, like)))
			continue;
		forget(bucket, index);
		cleared++;
	}
	return cleared;
}

uint64_t persist_clear(struct persist *table, uint64_t owner, const struct persist_key *like,
		       uint64_t now_s)
{
	uint64_t cleared = 0;

	for (uint64_t number = 0; next_used(table, &number); number++) {
		struct bucket *bucket = &table->buckets[number];

		if (!lock(bucket, PATIENCE))
			continue;
		cleared += clear_bucket(bucket, owner, like, now_s);
		unlock(bucket);
	}
	return cleared;
}
