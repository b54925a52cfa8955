/* SPDX-License-Identifier: Apache-2.0
 * Promised: what a dead engine held comes back exactly once, and nothing stays reserved for it, in
 * both modes; the shares are those of the engines that live; after a crash of the process every
 * pool is found by its key, whole, under its limit and with its counts, in whatever state it was
 * left; what nobody claims is closed.
 */
#include "admit/quota_core_priv.h"

#include "../../race/quota_mode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CORES = 4, POOLS = 5 };

static struct quota_map *map;
static struct quota_core *cores[CORES];

static int open_map(void **unused)
{
	(void)unused;
	map = quota_map_new(CORES, POOLS);
	quota_map_revive(map);
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
	return map == NULL;
}

static int free_map(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < CORES; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return 0;
}

/* The next data process: the shared mapping is all that it gets. */
static void crash(void)
{
	for (unsigned i = 0; i < CORES; i++)
		quota_core_free(cores[i]);
	quota_map_revive(map);
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
}

static int take(unsigned core, uint32_t pool, int times)
{
	int granted = 0;

	while (times-- > 0)
		granted += quota_take(cores[core], pool) == QUOTA_OK;
	return granted;
}

static struct quota_view view_of(uint32_t pool)
{
	struct quota_view view;

	quota_read(map, pool, &view);
	return view;
}

static uint32_t open_as(const char *name, int64_t limit)
{
	uint32_t pool = quota_open(map, limit, 80, 10);

	assert_int_not_equal(pool, QUOTA_NONE);
	quota_set_key(map, pool, quota_key("vserver", name, strlen(name)));
	return pool;
}

static uint32_t claim(const char *name)
{
	return quota_claim(map, quota_key("vserver", name, strlen(name)));
}

static void nothing_is_kept_for_the_dead(void **unused)
{
	static const enum quota_mode modes[] = { QUOTA_MODE_EXACT, QUOTA_MODE_PATENT };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		uint32_t pool = quota_open(map, 100, 80, 10);

		set_mode(map, pool, modes[i]);
		assert_int_equal(take(3, pool, 30), 30);
		assert_int_equal(take(2, pool, 5), 5);
		quota_core_dead(map, 3);
		assert_int_equal(view_of(pool).split.exclusive_each, 26);
		assert_int_equal(take(0, pool, 50) + take(1, pool, 50),
				 modes[i] == QUOTA_MODE_PATENT ? 74 : 95);
		assert_int_equal(take(2, pool, 30), modes[i] == QUOTA_MODE_PATENT ? 21 : 0);
		assert_int_equal(view_of(pool).used, 100);
		quota_core_free(cores[3]);
		cores[3] = quota_core_new(map, 3);
		quota_core_join(map, 3);
		assert_int_equal(view_of(pool).split.exclusive_each, 20);
		assert_int_equal(take(3, pool, 1), 0);
	}
	assert_int_equal(view_of(0).deaths, 2);
}

static void a_crash_ends_all_uses(void **unused)
{
	uint32_t web = open_as("web", 100), spare = open_as("spare", 3);

	(void)unused;
	quota_set_limit(map, web, 90);
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(take(i, web, 20), 20);
	assert_int_equal(take(0, spare, 4), 3);
	crash();
	assert_int_equal(claim("spare"), spare);
	assert_int_equal(claim("web"), web);
	assert_int_equal(claim("web"), QUOTA_NONE);
	assert_int_equal(view_of(web).limit, 90);
	assert_int_equal(view_of(web).used, 0);
	assert_int_equal(view_of(web).admitted, 80);
	assert_int_equal(view_of(web).leak_repaired, 0);
	assert_int_equal(view_of(web).available + view_of(web).idle, 90);
	assert_int_equal(view_of(spare).refused, 1);
	assert_int_equal(take(2, web, 91), 90);
	assert_int_equal(view_of(web).admitted, 170);
	assert_int_equal(take(2, spare, 9), 3);
}

/* It died with words in any state: a debt, a unit in flight, a stash being filled. */
static void a_crash_in_the_middle_is_repaired(void **unused)
{
	uint32_t pool = open_as("web", 100);
	struct quota_pool *words = quota_pool_at(map, pool);
	struct quota_rule rule = quota_rule_of(map, pool);

	(void)unused;
	rule.return_free = (struct quota_amount){ 50, true };
	quota_set_rule(map, pool, &rule);
	assert_int_equal(take(0, pool, 60), 60);
	assert_int_equal(take(1, pool, 60), 40);
	quota_set_limit(map, pool, 50);
	(void)quota_pool_add(words, -7, 0);
	atomic_fetch_or(quota_stash_at(map, 2, pool), QUOTA_BUSY);
	atomic_fetch_or(quota_change_at(map, 3, pool), QUOTA_INTENT);
	atomic_fetch_or(&words->mode, QUOTA_LOWERING);
	crash();
	assert_int_equal(claim("web"), pool);
	assert_int_equal(view_of(pool).leak_repaired, 7);
	assert_int_equal(view_of(pool).audits, 1);
	assert_false(view_of(pool).is_returning);
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(take(i, pool, 51), i == 0 ? 50 : 0);
}

static void nobody_claims_what_is_gone(void **unused)
{
	uint32_t kept = open_as("kept", 10), again;

	(void)unused;
	assert_int_equal(take(1, open_as("gone", 10), 5), 5);
	assert_int_equal(take(1, quota_open(map, 10, 80, 10), 5), 5); /* without a key */
	assert_int_not_equal(open_as("kept", 7), kept);
	quota_close(map, open_as("closed", 4));
	crash();
	assert_int_equal(claim("kept"), kept);
	assert_int_equal(quota_close_unclaimed(map), 1);
	for (int i = 1; i < POOLS; i++) {
		again = quota_open(map, 10, 80, 10);
		assert_int_not_equal(again, QUOTA_NONE);
		assert_int_not_equal(again, kept);
		assert_int_equal(view_of(again).admitted, 0);
		assert_int_equal(take(3, again, 11), 10);
	}
	assert_int_equal(quota_open(map, 10, 80, 10), QUOTA_NONE);
}

static void keys_differ(void **unused)
{
	(void)unused;
	assert_int_not_equal(quota_key("vserver", "web", 3), quota_key("service", "web", 3));
	assert_int_not_equal(quota_key("vserver", "web", 3), quota_key("vserver", "we", 2));
	assert_int_equal(quota_key("vserver", "web", 3), quota_key("vserver", "webx", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_kept_for_the_dead, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_crash_ends_all_uses, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_crash_in_the_middle_is_repaired, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(nobody_claims_what_is_gone, open_map, free_map),
		cmocka_unit_test(keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
