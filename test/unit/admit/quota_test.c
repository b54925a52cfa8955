/* SPDX-License-Identifier: Apache-2.0
 * Promised: whoever asks, and in whatever order, exactly L uses are granted, then "full", and every
 * use given back can be taken again, by anybody; below its share an engine touches no word that
 * others write; batches come and go; who sleeps with idle uses is emptied, who is moving uses makes
 * the answer undecided, not wrong.
 */
#include "admit/quota_core_priv.h"

enum { CORES = 5, POOLS = 3 };

#include "pools.h"

static uint64_t s_of(uint32_t pool)
{
	return quota_pool_load(quota_pool_at(map, pool));
}

static bool is_open(uint32_t pool, unsigned core)
{
	return quota_load(quota_stash_at(map, core, pool)) & QUOTA_OPEN;
}

static const int64_t limits[] = { 0, 1, 2, 4, 7, 19, 20, 100, 319, 320, 5000 };

static void all_on_one_engine(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t pool = quota_open(map, limits[i], 80, 10);

		for (unsigned core = 0; core < CORES; core++) {
			assert_int_equal(take(core, pool, (int)limits[i] + 3), limits[i]);
			assert_int_equal(quota_take(cores[(core + 1) % CORES], pool), QUOTA_FULL);
			give(core, pool, (int)limits[i]);
		}
		quota_close(map, pool);
	}
}

static void one_by_one_on_all(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t pool = quota_open(map, limits[i], 80, 10);
		int held[CORES] = { 0 };

		for (int n = 0; n < limits[i]; n++)
			held[n % CORES] += take((unsigned)n % CORES, pool, 1);
		assert_int_equal(view_of(pool).used, limits[i]);
		for (unsigned core = 0; core < CORES; core++)
			assert_int_equal(quota_take(cores[core], pool), QUOTA_FULL);
		for (unsigned core = 0; core < CORES; core++)
			give(core, pool, held[core]);
		assert_int_equal(view_of(pool).used, 0);
		assert_int_equal(view_of(pool).available + view_of(pool).idle, limits[i]);
		quota_close(map, pool);
	}
}

/* A use given back on one engine is free for every other. */
static void a_freed_use_goes_anywhere(void **unused)
{
	uint32_t pool = quota_open(map, 400, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 401), 400);
	for (int n = 0; n < 300; n++) {
		unsigned other = 1 + (unsigned)n % (CORES - 1);

		give(0, pool, 1);
		assert_int_equal(take(other, pool, 2), 1);
		give(other, pool, 1);
		assert_int_equal(take(0, pool, 2), 1);
	}
	assert_int_equal(view_of(pool).used, 400);
}

static void below_its_share_no_shared_word_changes(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	uint64_t before = s_of(pool);

	(void)unused;
	for (int times = 0; times < 10; times++) {
		assert_int_equal(take(2, pool, 16), 16);
		give(2, pool, 16);
	}
	assert_int_equal(s_of(pool), before);
	assert_int_equal(view_of(pool).admitted, 160);
	assert_int_equal(view_of(pool).borrows, 0);
	assert_int_equal(view_of(pool).reclaimed, 0);
}

static void a_batch_is_borrowed_and_comes_back(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10); /* 160 each, 200 shared, batch 20 */

	(void)unused;
	assert_int_equal(take(0, pool, 160), 160);
	assert_int_equal(view_of(pool).available, 200);
	assert_int_equal(take(0, pool, 1), 1);
	assert_int_equal(view_of(pool).available, 180);
	assert_int_equal(view_of(pool).borrows, 20);
	assert_int_equal(take(0, pool, 200), 200);
	give(0, pool, 361);
	assert_true(view_of(pool).returned > 0);
	assert_true(view_of(pool).available > 150);
	assert_int_equal(view_of(pool).available + view_of(pool).idle, 1000);
	/* Never below its own share. */
	struct quota_core_view view;

	quota_read_core(map, pool, 0, &view);
	assert_true(view.idle >= 160);
}

/* Nobody else is awake: their stashes are taken, half by half, then sealed. */
static void idle_uses_of_sleepers_are_collected(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	assert_int_equal(take(4, pool, 2000), 1000);
	assert_int_equal(view_of(pool).reclaimed, 640);
	assert_int_equal(view_of(pool).refused, 1000);
	assert_int_equal(quota_open_count(s_of(pool)), 0);
	for (unsigned core = 0; core < CORES; core++)
		assert_false(is_open(pool, core));
}

/* After some uses one by one from S a sealed engine opens again, and has a stash again. */
static void sealed_engine_opens_again(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);
	uint64_t before;

	(void)unused;
	assert_int_equal(take(4, pool, 1001), 1000);
	assert_false(is_open(pool, 4));
	give(4, pool, 600);
	for (int n = 0; n < 50; n++) {
		assert_int_equal(take(4, pool, 3), 3);
		give(4, pool, 3);
	}
	assert_true(is_open(pool, 4));
	before = s_of(pool);
	assert_int_equal(take(4, pool, 1), 1);
	give(4, pool, 1);
	assert_int_equal(s_of(pool), before);
	assert_int_equal(view_of(pool).used, 400);
}

/* Below four for each engine nothing is dealt out and nothing opens: one counter. */
static void a_tiny_pool_is_one_counter(void **unused)
{
	uint32_t pool = quota_open(map, 19, 80, 10);

	(void)unused;
	assert_int_equal(view_of(pool).available, 19);
	for (int n = 0; n < 100; n++) {
		assert_int_equal(take(1, pool, 3), 3);
		give(1, pool, 3);
	}
	assert_false(is_open(pool, 1));
	assert_int_equal(view_of(pool).available, 19);
}

/* In one turn, what is closed is handed on to what is accepted; the rest goes at its end. */
static void a_turn_settles_once(void **unused)
{
	uint32_t pool = quota_open(map, 64 * CORES, 100, 10);
	_Atomic uint64_t *stash = quota_stash_at(map, 0, pool);
	uint64_t before;

	(void)unused;
	assert_int_equal(take(0, pool, 10), 10);
	before = quota_load(stash);
	for (int n = 0; n < 10; n++)
		quota_give(cores[0], pool);
	assert_int_equal(take(0, pool, 10), 10);
	assert_int_equal(quota_load(stash), before);
	for (int n = 0; n < 10; n++)
		quota_give(cores[0], pool);
	assert_int_equal(view_of(pool).used, 10);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 0);
}

/* What was closed in the turn in which the limit fell pays the debt before anybody is refused. */
static void a_pocket_pays_the_debt_first(void **unused)
{
	uint32_t pool = quota_open(map, 64 * CORES, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 41), 41);
	for (int n = 0; n < 8; n++)
		quota_give(cores[0], pool);
	quota_set_limit(map, pool, 34);
	assert_int_equal(view_of(pool).used, 41);
	assert_int_equal(view_of(pool).debt, 7);
	assert_int_equal(take(1, pool, 1), 0);
	assert_int_equal(take(0, pool, 2), 1);
	assert_int_equal(view_of(pool).used, 34);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 34);
	assert_int_equal(view_of(pool).available, 0);
}

/* ... and when it falls further than what was closed, nobody is let in. */
static void a_pocket_may_be_less_than_the_debt(void **unused)
{
	uint32_t pool = quota_open(map, 64 * CORES, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 41), 41);
	for (int n = 0; n < 7; n++)
		quota_give(cores[0], pool);
	quota_set_limit(map, pool, 34);
	assert_int_equal(take(0, pool, 2), 0);
	assert_int_equal(view_of(pool).used, 34);
	quota_give(cores[0], pool);
	assert_int_equal(take(0, pool, 2), 1);
}

/* Below 64 for each engine a use is given back at once, for the others. */
static void a_small_pool_settles_at_once(void **unused)
{
	uint32_t pool = quota_open(map, 64 * CORES - 1, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 64 * CORES), 64 * CORES - 1);
	quota_give(cores[0], pool);
	assert_int_equal(take(1, pool, 2), 1);
}

/* The last free uses are in the hands of an engine that was stopped in the middle. */
static void undecided_while_a_peer_is_busy(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	_Atomic uint64_t *stash = quota_stash_at(map, 3, pool);

	(void)unused;
	quota_store(stash, quota_load(stash) | QUOTA_BUSY);
	assert_int_equal(take(0, pool, 200), 84);
	assert_int_equal(quota_take(cores[1], pool), QUOTA_AGAIN);
	assert_true(view_of(pool).undecided > 100);
	assert_int_equal(view_of(pool).refused, 0);
	quota_store(stash, quota_load(stash) & ~QUOTA_BUSY);
	assert_int_equal(take(0, pool, 200), 16);
	assert_int_equal(quota_take(cores[1], pool), QUOTA_FULL);
}

/* What is free on others is found even when the hint about who is open is wrong. */
static void the_hint_is_only_a_hint(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	atomic_store(&quota_pool_at(map, pool)->open_mask[0], 0);
	assert_int_equal(take(0, pool, 200), 100);
}

/* Random walks of all engines against a plain count. */
static void any_order_agrees_with_a_plain_count(void **unused)
{
	uint64_t random = 99;

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t pool = quota_open(map, limits[i], 80, 10);
		int64_t held[CORES] = { 0 }, sum = 0;

		for (int n = 0; n < 20000; n++) {
			unsigned core;

			random = random * 6364136223846793005u + 1442695040888963407u;
			core = (unsigned)(random >> 40) % CORES;
			if ((random >> 60) < 9) {
				enum quota_result result = quota_take(cores[core], pool);

				assert_int_equal(result, sum < limits[i] ? QUOTA_OK : QUOTA_FULL);
				sum += result == QUOTA_OK;
				held[core] += result == QUOTA_OK;
			} else if (held[core] > 0) {
				give(core, pool, 1);
				held[core]--;
				sum--;
			}
		}
		for (unsigned core = 0; core < CORES; core++)
			give(core, pool, (int)held[core]);
		quota_close(map, pool);
	}
}

/* A tiny pool, all in the shared word: eight clients of one engine change it once. */
static void who_is_expected_is_taken_for(void **unused)
{
	uint32_t pool = quota_open(map, 12, 80, 10);
	uint64_t before;

	(void)unused;
	quota_expect(cores[0], pool, 8);
	assert_int_equal(take(0, pool, 1), 1);
	assert_int_equal(view_of(pool).available, 4);
	before = s_of(pool);
	assert_int_equal(take(0, pool, 7), 7);
	assert_int_equal(s_of(pool), before);
	/* one more than was said: it asks for itself */
	assert_int_equal(take(0, pool, 1), 1);
	assert_int_equal(view_of(pool).available, 3);
	/* more are said than there are uses */
	quota_expect(cores[1], pool, 8);
	assert_int_equal(take(1, pool, 8), 3);
	assert_int_equal(quota_take(cores[2], pool), QUOTA_FULL);
	give(0, pool, 9);
	give(1, pool, 3);
	assert_int_equal(view_of(pool).used, 0);
}

/* Those who do not come after all: their uses are free with the end of the turn. */
static void who_does_not_come_keeps_nothing(void **unused)
{
	uint32_t pool = quota_open(map, 12, 80, 10), other = quota_open(map, 12, 80, 10);

	(void)unused;
	quota_expect(cores[0], pool, 12);
	assert_int_equal(take(0, other, 1), 1);
	assert_int_equal(view_of(other).available, 11);
	assert_int_equal(take(0, pool, 2), 2);
	assert_int_equal(view_of(pool).used, 12);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 2);
	assert_int_equal(take(1, pool, 12), 10);
	assert_int_equal(take(0, pool, 1), 0); /* nobody is expected any more */
	give(0, pool, 2);
	give(0, other, 1);
	give(1, pool, 10);
}

/* Each of a burst says how many follow, as accepting does. Two of them go elsewhere, and then the
 * limit falls: what was taken for the rest is theirs, what was for the two is free at once. */
static void a_burst_keeps_what_it_took(void **unused)
{
	uint32_t pool = quota_open(map, 12, 80, 10);

	(void)unused;
	quota_expect(cores[0], pool, 6);
	assert_int_equal(take(0, pool, 1), 1);
	assert_int_equal(view_of(pool).used, 6);
	quota_expect(cores[0], pool, 5);
	quota_expect(cores[0], pool, 4);
	assert_int_equal(view_of(pool).used, 5);
	quota_expect(cores[0], pool, 3);
	assert_int_equal(view_of(pool).used, 4);
	assert_int_equal(take(0, pool, 1), 1);
	quota_set_limit(map, pool, 3);
	quota_expect(cores[0], pool, 2);
	assert_int_equal(take(0, pool, 2), 2);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 4);
	give(0, pool, 4);
	assert_int_equal(take(1, pool, 4), 3);
	give(1, pool, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_on_one_engine, open_map, free_map),
		cmocka_unit_test_setup_teardown(one_by_one_on_all, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_freed_use_goes_anywhere, open_map, free_map),
		cmocka_unit_test_setup_teardown(below_its_share_no_shared_word_changes, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(a_batch_is_borrowed_and_comes_back, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(idle_uses_of_sleepers_are_collected, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(sealed_engine_opens_again, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_tiny_pool_is_one_counter, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_turn_settles_once, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_pocket_pays_the_debt_first, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_pocket_may_be_less_than_the_debt, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(who_is_expected_is_taken_for, open_map, free_map),
		cmocka_unit_test_setup_teardown(who_does_not_come_keeps_nothing, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(a_burst_keeps_what_it_took, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_small_pool_settles_at_once, open_map, free_map),
		cmocka_unit_test_setup_teardown(undecided_while_a_peer_is_busy, open_map, free_map),
		cmocka_unit_test_setup_teardown(the_hint_is_only_a_hint, open_map, free_map),
		cmocka_unit_test_setup_teardown(any_order_agrees_with_a_plain_count, open_map,
						free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
