/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks lie one behind the other, each behind its head; what was closed is given out again for the
 * same size, and there are few sizes. A block is there from the store of its key on, which comes
 * last; the end of all blocks moves only over a whole head.
 */
#include "control/vault.h"

#include "base/hash.h"
#include "os/mapping.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64, SIZES = 16 };

/* In the mapping, but for those of ordinary memory. */
struct head {
	alignas(LINE_BYTES) _Atomic uint64_t key; /* 0: it is closed */
	uint64_t bytes;                           /* of the block, whole lines */
	uint64_t number;                          /* counts the blocks that were opened */
	struct head *next; /* the next closed one of that size; this process's alone */
	bool is_ordinary;
};

/* At the start of the mapping. */
struct shared {
	alignas(LINE_BYTES) _Atomic uint64_t used; /* bytes: all heads and blocks, and this */
	uint64_t opened;
};

struct size {
	uint64_t bytes;
	struct head *closed;
};

struct vault {
	struct shared *shared; /* owned: the mapping */
	size_t bytes;
	struct hash by_key; /* heads that an earlier process left and nobody has claimed yet */
	struct size sizes[SIZES];
};

static size_t whole_lines(size_t bytes)
{
	return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

static struct str text_of(const uint64_t *key)
{
	return (struct str){ (const char *)key, sizeof(*key) };
}

static uint64_t key_of(const struct head *head)
{
	return atomic_load_explicit(&head->key, memory_order_relaxed);
}

struct vault *vault_new(size_t bytes)
{
	struct vault *vault = calloc(1, sizeof(*vault));

	must(bytes >= sizeof(struct shared));
	if (vault == NULL)
		return NULL;
	vault->bytes = bytes;
	vault->shared = mapping_new(bytes);
	if (vault->shared == NULL) {
		free(vault);
		return NULL;
	}
	hash_init(&vault->by_key, false);
	atomic_store_explicit(&vault->shared->used, sizeof(struct shared), memory_order_relaxed);
	return vault;
}

void vault_free(struct vault *vault)
{
	if (vault == NULL)
		return;
	mapping_free(vault->shared, vault->bytes);
	hash_fini(&vault->by_key);
	free(vault);
}

/* --- what is closed ------------------------------------------------------------------------- */

/* NULL: there are more sizes than places, which costs memory and nothing else. */
static struct size *size_of(struct vault *vault, uint64_t bytes)
{
	for (unsigned i = 0; i < SIZES; i++) {
		struct size *size = &vault->sizes[i];

		if (size->bytes == 0)
			size->bytes = bytes;
		if (size->bytes == bytes)
			return size;
	}
	return NULL;
}

static void put_away(struct vault *vault, struct head *head)
{
	struct size *size = size_of(vault, head->bytes);

	atomic_store_explicit(&head->key, 0, memory_order_release);
	if (size == NULL)
		return;
	head->next = size->closed;
	size->closed = head;
}

static struct head *take_closed(struct vault *vault, size_t bytes)
{
	struct size *size = size_of(vault, bytes);
	struct head *head = size != NULL ? size->closed : NULL;

	if (head == NULL)
		return NULL;
	size->closed = head->next;
	memset(head + 1, 0, bytes);
	return head;
}

/* --- an earlier process ----------------------------------------------------------------------- */

static void list_by_key(struct vault *vault, struct head *head)
{
	uint64_t key = key_of(head);
	struct head *other;

	if (key == 0) {
		put_away(vault, head);
		return;
	}
	other = hash_get(&vault->by_key, text_of(&key));
	if (other != NULL && other->number > head->number) {
		put_away(vault, head);
		return;
	}
	if (other != NULL)
		put_away(vault, other);
	hash_put(&vault->by_key, text_of(&key), head);
}

void vault_recover(struct vault *vault)
{
	char *base = (char *)vault->shared;
	uint64_t used = atomic_load_explicit(&vault->shared->used, memory_order_acquire);

	hash_fini(&vault->by_key);
	memset(vault->sizes, 0, sizeof(vault->sizes));
	for (uint64_t at = sizeof(struct shared); at < used;) {
		struct head *head = (void *)(base + at);

		at += sizeof(*head) + head->bytes;
		list_by_key(vault, head);
	}
}

void *vault_claim(struct vault *vault, uint64_t key, size_t bytes)
{
	struct head *head = vault != NULL ? hash_get(&vault->by_key, text_of(&key)) : NULL;

	if (head == NULL || head->bytes != whole_lines(bytes))
		return NULL;
	(void)hash_remove(&vault->by_key, text_of(&key));
	return head + 1;
}

unsigned vault_close_unclaimed(struct vault *vault)
{
	unsigned count = 0;
	size_t at = 0;
	void *head;

	while (hash_next(&vault->by_key, &at, NULL, &head)) {
		put_away(vault, head);
		count++;
	}
	hash_fini(&vault->by_key);
	return count;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static struct head *add_head(struct vault *vault, size_t bytes)
{
	uint64_t used = atomic_load_explicit(&vault->shared->used, memory_order_relaxed);
	struct head *head = (void *)((char *)vault->shared + used);

	if (vault->bytes - used < sizeof(*head) + bytes)
		return NULL;
	head->bytes = bytes;
	atomic_store_explicit(&vault->shared->used, used + sizeof(*head) + bytes,
			      memory_order_release);
	return head;
}

static struct head *ordinary(size_t bytes)
{
	struct head *head = aligned_alloc(LINE_BYTES, sizeof(*head) + bytes);

	must(head != NULL);
	memset(head, 0, sizeof(*head) + bytes);
	head->bytes = bytes;
	head->is_ordinary = true;
	return head;
}

static struct head *open_new(struct vault *vault, size_t bytes)
{
	struct head *head = take_closed(vault, bytes);

	if (head == NULL)
		head = add_head(vault, bytes);
	if (head != NULL)
		head->number = ++vault->shared->opened;
	return head;
}

void *vault_open(struct vault *vault, uint64_t key, size_t bytes)
{
	struct head *head = vault != NULL ? open_new(vault, whole_lines(bytes)) : NULL;

	must(key != 0 && bytes > 0);
	if (head == NULL)
		head = ordinary(whole_lines(bytes));
	atomic_store_explicit(&head->key, key, memory_order_release);
	return head + 1;
}

void vault_set_key(void *block, uint64_t key)
{
	struct head *head = (struct head *)block - 1;

	must(key != 0);
	atomic_store_explicit(&head->key, key, memory_order_release);
}

void vault_close(struct vault *vault, void *block)
{
	struct head *head = block;

	if (block == NULL)
		return;
	head--;
	if (head->is_ordinary)
		free(head);
	else
		put_away(vault, head);
}
