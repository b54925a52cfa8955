/* SPDX-License-Identifier: Apache-2.0
 * Promised: an entry is found until it expires, by nobody else's key; the first of two that put
 * wins; a full bucket loses what would have gone first; the table is seen by forked processes,
 * outlives them, and is whole again after one died while it wrote.
 */
#include "persist/persist.h"

#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

enum { BUCKETS = 64, SERVICE = 7, OTHER = 8, OWNER = 100 };

static struct persist *table;

static int set_up(void **state)
{
	(void)state;
	table = persist_new(BUCKETS);
	return table == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	persist_free(table);
	return 0;
}

static struct persist_key key_of(uint64_t owner, unsigned client)
{
	struct persist_key key;
	struct address address = { .v4 = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(0x0A000000u + client) } };

	persist_key_begin(&key, PERSIST_SOURCE, owner);
	persist_key_source(&key, &address, UINT32_MAX, 128);
	persist_key_end(table, &key);
	return key;
}

static enum persist_end put(unsigned client, uint64_t now_s, uint32_t timeout_s, uint64_t value)
{
	struct persist_key key = key_of(OWNER, client);
	uint64_t seen = persist_use(table, &key, now_s, timeout_s);
	enum persist_end end = persist_put(table, &key, now_s, timeout_s, &seen, value);

	assert_int_equal(seen, value);
	return end;
}

static uint64_t use(unsigned client, uint64_t now_s, uint32_t timeout_s)
{
	struct persist_key key = key_of(OWNER, client);

	return persist_use(table, &key, now_s, timeout_s);
}

static void lives_until_it_expires(void **state)
{
	(void)state;
	assert_int_equal(put(1, 1000, 120, SERVICE), PERSIST_KEPT);
	assert_int_equal(use(1, 1119, 120), SERVICE); /* and is prolonged by that */
	assert_int_equal(use(1, 1238, 120), SERVICE);
	assert_int_equal(use(1, 1358, 120), 0);
	assert_int_equal(use(2, 1000, 120), 0);
}

static void looking_prolongs_nothing(void **state)
{
	struct persist_key key = key_of(OWNER, 1);

	(void)state;
	put(1, 1000, 120, SERVICE);
	assert_int_equal(persist_look(table, &key, 1119), SERVICE);
	assert_int_equal(persist_look(table, &key, 1121), 0);
}

static void time_out_may_change(void **state)
{
	(void)state;
	put(1, 1000, 0, SERVICE);
	assert_int_equal(use(1, UINT32_MAX, 0), SERVICE); /* for ever */
	assert_int_equal(use(1, 2000, 60), SERVICE);
	assert_int_equal(use(1, 2060, 60), 0);
}

static void belongs_to_its_owner_and_kind(void **state)
{
	struct persist_key theirs = key_of(OWNER + 1, 1), spill;
	struct address address = { .v4 = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(0x0A000001u) } };

	(void)state;
	put(1, 1000, 120, SERVICE);
	assert_int_equal(persist_use(table, &theirs, 1000, 120), 0);
	assert_int_equal(persist_look(table, &theirs, 1000), 0);
	persist_key_begin(&spill, PERSIST_SPILL, OWNER);
	persist_key_source(&spill, &address, UINT32_MAX, 128);
	persist_key_end(table, &spill);
	assert_int_equal(persist_use(table, &spill, 1000, 120), 0);
}

/* Two engines see nothing and choose differently: both go where the first went. */
static void first_of_two_wins(void **state)
{
	struct persist_key key = key_of(OWNER, 1);
	uint64_t mine = 0, theirs = 0;

	(void)state;
	assert_int_equal(persist_put(table, &key, 1000, 120, &mine, SERVICE), PERSIST_KEPT);
	assert_int_equal(persist_put(table, &key, 1000, 120, &theirs, OTHER), PERSIST_KEPT);
	assert_int_equal(mine, SERVICE);
	assert_int_equal(theirs, SERVICE);
	/* Who knows what is there may put something else. */
	assert_int_equal(persist_put(table, &key, 1000, 120, &theirs, OTHER), PERSIST_KEPT);
	assert_int_equal(theirs, OTHER);
	assert_int_equal(use(1, 1000, 120), OTHER);
}

static bool count(void *context, const struct persist_entry *entry)
{
	(void)entry;
	++*(unsigned *)context;
	return true;
}

static unsigned count_live(uint64_t now_s)
{
	unsigned found = 0;

	persist_walk(table, now_s, count, &found);
	return found;
}

static void full_bucket_loses_its_oldest(void **state)
{
	unsigned lost = 0, clients = 4 * BUCKETS * PERSIST_BUCKET;

	(void)state;
	for (unsigned client = 0; client < clients; client++)
		lost += put(client, 1000 + client, 100000, SERVICE) == PERSIST_FULL;
	assert_int_equal(lost, clients - BUCKETS * PERSIST_BUCKET);
	assert_int_equal(count_live(1000), BUCKETS * PERSIST_BUCKET);
	for (unsigned client = clients - 7; client < clients; client++)
		assert_int_equal(use(client, 1000 + clients, 100000), SERVICE);
	assert_int_equal(use(0, 1000, 100000), 0);
}

static void expired_ones_make_room(void **state)
{
	(void)state;
	for (unsigned client = 0; client < 4 * BUCKETS * PERSIST_BUCKET; client++)
		put(client, 1000, 10, SERVICE);
	for (unsigned client = 10000; client < 10000 + BUCKETS; client++)
		assert_int_equal(put(client, 1010, 10, SERVICE), PERSIST_KEPT);
	assert_int_equal(count_live(1010), BUCKETS);
}

static void is_cleared_by_owner_and_source(void **state)
{
	struct persist_key theirs = key_of(OWNER + 1, 1);
	struct persist_key first = key_of(0, 1), text;
	uint64_t seen = 0;

	(void)state;
	persist_key_begin(&text, PERSIST_RULE, OWNER);
	persist_key_text(table, &text, STR("ann"));
	persist_key_end(table, &text);
	assert_int_equal(persist_put(table, &text, 1000, 120, &seen, OTHER), PERSIST_KEPT);
	assert_int_equal(persist_clear(table, OWNER, &text, 1000), 1);
	assert_int_equal(persist_use(table, &text, 1000, 120), 0);
	seen = 0;
	put(1, 1000, 120, SERVICE);
	put(2, 1000, 120, SERVICE);
	assert_int_equal(persist_put(table, &theirs, 1000, 120, &seen, OTHER), PERSIST_KEPT);
	assert_int_equal(persist_clear(table, OWNER, &first, 1000), 1);
	assert_int_equal(use(1, 1000, 120), 0);
	assert_int_equal(use(2, 1000, 120), SERVICE);
	assert_int_equal(persist_clear(table, OWNER, NULL, 1000), 1);
	assert_int_equal(persist_use(table, &theirs, 1000, 120), OTHER);
	assert_int_equal(persist_clear(table, 0, NULL, 1000), 1);
	assert_int_equal(count_live(1000), 0);
}

static bool show(void *context, const struct persist_entry *entry)
{
	*(struct persist_entry *)context = *entry;
	return false;
}

static void walk_shows_what_was_put(void **state)
{
	struct persist_key key = key_of(OWNER, 5);
	struct persist_entry entry = { 0 };

	(void)state;
	put(5, 1000, 120, SERVICE);
	persist_walk(table, 1000, show, &entry);
	assert_memory_equal(&entry.key, &key, sizeof(key));
	assert_int_equal(entry.value, SERVICE);
	assert_int_equal(entry.expiry_s, 1120);
}

static void child_shares_it(void **state)
{
	pid_t child;
	int status;

	(void)state;
	put(1, 1000, 120, SERVICE);
	child = fork();
	if (child == 0) {
		struct persist_key key = key_of(OWNER, 2);
		uint64_t seen = 0;

		(void)!persist_put(table, &key, 1000, 120, &seen, use(1, 1000, 120));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(use(2, 1000, 120), SERVICE);
}

/* A client whose bucket a dead process left locked is served, without memory; then all is well.
 * The lock is the first word of a bucket: 64 bytes of head, a line of bits, then the buckets. */
static void is_whole_again_after_a_death(void **state)
{
	struct persist_key key = key_of(OWNER, 1);
	uint64_t *buckets = (uint64_t *)(void *)table + 128 / sizeof(uint64_t);
	uint64_t *sequence = buckets + key.hash % BUCKETS * 512 / sizeof(uint64_t);
	uint64_t seen = 0;

	(void)state;
	put(1, 1000, 120, SERVICE);
	++*sequence;
	assert_int_equal(persist_use(table, &key, 1000, 120), 0);
	assert_int_equal(persist_put(table, &key, 1000, 120, &seen, OTHER), PERSIST_LOST);
	assert_int_equal(seen, OTHER);
	persist_recover(table);
	assert_int_equal(persist_use(table, &key, 1000, 120), 0);
	assert_int_equal(put(1, 1000, 120, OTHER), PERSIST_KEPT);
	assert_int_equal(use(1, 1000, 120), OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lives_until_it_expires, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looking_prolongs_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_out_may_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(belongs_to_its_owner_and_kind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(first_of_two_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_bucket_loses_its_oldest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expired_ones_make_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_cleared_by_owner_and_source, set_up, tear_down),
		cmocka_unit_test_setup_teardown(walk_shows_what_was_put, set_up, tear_down),
		cmocka_unit_test_setup_teardown(child_shares_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_whole_again_after_a_death, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
