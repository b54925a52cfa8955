/* SPDX-License-Identifier: Apache-2.0
 * Promised: the shares of a limit are those of the specification; a limit may be changed to any
 * other while uses live, which are never cut; what a dead engine held comes back once; a pool's id
 * is dealt again only when nothing of its earlier life can still arrive; ten thousand pools on
 * sixty-four engines fit 32 MiB.
 */
#include "admit/quota_core_priv.h"

enum { CORES = 4, POOLS = 3 };

#include "pools.h"

static struct quota_core_view core_view_of(uint32_t pool, unsigned core)
{
	struct quota_core_view view;

	quota_read_core(map, pool, core, &view);
	return view;
}

static void shares_of_a_limit(void **unused)
{
	static const struct {
		int64_t limit;
		unsigned cores;
		struct quota_split split;
	} rows[] = {
		{ 100, 7, { 77, 11, 23, 2 } },
		{ 7, 16, { 0, 0, 7, 1 } },
		{ 100, 1, { 80, 80, 20, 2 } },
		{ 0, 7, { 0, 0, 0, 1 } },
		{ 1, 1, { 0, 0, 1, 1 } },
		{ 1, 64, { 0, 0, 1, 1 } },
		{ 50, 8, { 40, 5, 10, 1 } },
		{ 0, 1, { 0, 0, 0, 1 } },
		{ 15, 16, { 0, 0, 15, 1 } },
		{ 20, 16, { 16, 1, 4, 1 } },
		{ ((int64_t)1 << 28) - 1, 1, { 214748364, 214748364, 53687091, 5368709 } },
		{ ((int64_t)1 << 28) - 1, 128, { 214748288, 1677721, 53687167, 5368716 } },
		{ ((int64_t)1 << 28) - 1, 2, { 214748364, 107374182, 53687091, 5368709 } },
		{ ((int64_t)1 << 28) - 1, 7, { 214748359, 30678337, 53687096, 5368709 } },
		{ QUOTA_UNLIMITED, 1, { 13743895347, 13743895347, 3435973837, 343597383 } },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quota_split split = quota_split(rows[i].limit, rows[i].cores, 80, 10);

		assert_int_equal(split.exclusive, rows[i].split.exclusive);
		assert_int_equal(split.exclusive_each, rows[i].split.exclusive_each);
		assert_int_equal(split.shared, rows[i].split.shared);
		assert_int_equal(split.batch, rows[i].split.batch);
	}
	assert_int_equal(quota_split(100, 7, 80, 20).batch, 4);
	assert_int_equal(quota_split(100, 4, 0, 100).batch, 100);
	assert_int_equal(quota_split(100, 4, 100, 10).shared, 0);
	assert_int_equal(quota_split(100, 4, 100, 0).batch, 1);
}

static void fresh_pool_is_dealt_out(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	struct quota_view view = view_of(pool);

	(void)unused;
	assert_int_equal(view.limit, 100);
	assert_int_equal(view.used, 0);
	assert_int_equal(view.available, 20);
	assert_int_equal(view.idle, 80);
	assert_int_equal(view.cores, CORES);
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(core_view_of(pool, i).idle, 20);
}

/* 12 live on one engine: x from 9 to 15 makes three borrowed uses exclusive, and back. */
static void a_new_limit_relabels(void **unused)
{
	uint32_t pool = quota_open(map, 45, 80, 10);

	(void)unused;
	assert_int_equal(take(1, pool, 12), 12);
	assert_int_equal(core_view_of(pool, 1).exclusive, 9);
	assert_int_equal(core_view_of(pool, 1).used, 12);
	assert_int_equal(core_view_of(pool, 1).borrowed, 3);
	quota_set_limit(map, pool, 75);
	assert_int_equal(core_view_of(pool, 1).exclusive, 15);
	assert_int_equal(core_view_of(pool, 1).borrowed, 0);
	quota_set_limit(map, pool, 45);
	assert_int_equal(core_view_of(pool, 1).used, 12);
	assert_int_equal(core_view_of(pool, 1).borrowed, 3);
}

static void limit_falls_below_live_uses(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 30), 30);
	assert_int_equal(take(1, pool, 30), 30);
	quota_set_limit(map, pool, 50);
	assert_int_equal(view_of(pool).used, 60);
	assert_int_equal(view_of(pool).available, 0);
	assert_int_equal(quota_take(cores[2], pool), QUOTA_FULL);
	give(0, pool, 10);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	give(1, pool, 1);
	assert_int_equal(take(2, pool, 2), 1);
	assert_int_equal(view_of(pool).used, 50);
}

/* What was given back in this turn waits in a pocket; a debt must not let it be used again. */
static void pocket_stays_shut_in_debt(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 10), 10);
	for (int i = 0; i < 5; i++)
		quota_give(cores[0], pool);
	quota_set_limit(map, pool, 3);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 5);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	give(0, pool, 3);
	assert_int_equal(take(0, pool, 5), 1);
}

static void limit_rises_over_a_debt(void **unused)
{
	uint32_t pool = quota_open(map, 20, 80, 10);

	(void)unused;
	assert_int_equal(take(3, pool, 20), 20);
	quota_set_limit(map, pool, 0);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	quota_set_limit(map, pool, 25);
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(take(i, pool, 9), i == 0 ? 5 : 0);
}

static void any_limit_follows_any_other(void **unused)
{
	static const int64_t limits[] = { 0, 1,      3, QUOTA_UNLIMITED, 100,
					  7, 100000, 0, QUOTA_UNLIMITED, 1,
					  2, 50 };
	uint32_t pool = quota_open(map, 10, 80, 10);
	int held[CORES] = { 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int sum = 0;

		quota_set_limit(map, pool, limits[i]);
		for (unsigned c = 0; c < CORES; c++)
			held[c] += take(c, pool, 40);
		for (unsigned c = 0; c < CORES; c++)
			sum += held[c];
		assert_int_equal(view_of(pool).used, sum);
		if (limits[i] == QUOTA_UNLIMITED)
			assert_true(sum >= CORES * 40);
		for (unsigned c = 0; c < CORES; c++) {
			give(c, pool, held[c]);
			held[c] = 0;
		}
		assert_int_equal(view_of(pool).used, 0);
		assert_int_equal(view_of(pool).available + view_of(pool).idle, limits[i]);
		/* Exactly so many fit now, wherever they are asked for. */
		if (limits[i] <= 100000) {
			assert_int_equal(take((unsigned)i % CORES, pool, (int)limits[i] + 1),
					 limits[i]);
			give((unsigned)i % CORES, pool, (int)limits[i]);
		}
	}
}

/* Control opens a pool without a limit and sets it before the engines hear of it: each has its
 * share soon, and nobody keeps what would have been little of no limit. */
static void a_limit_set_late_is_dealt_out_too(void **unused)
{
	uint32_t pool = quota_open(map, QUOTA_UNLIMITED, 80, 10);

	(void)unused;
	quota_set_limit(map, pool, 1000);
	for (unsigned c = 0; c < CORES; c++) {
		for (int times = 0; times < 30; times++) {
			assert_int_equal(take(c, pool, 1), 1);
			give(c, pool, 1);
		}
		assert_in_range(core_view_of(pool, c).idle, 150, 250);
	}
	assert_int_equal(take(2, pool, 1001), 1000);
}

/* As if it had been opened with this limit. */
static void a_limit_is_dealt_before_anybody_knows(void **unused)
{
	uint32_t pool = quota_open(map, QUOTA_UNLIMITED, 80, 10);
	int64_t idle;

	(void)unused;
	quota_set_limit(map, pool, 100);
	quota_deal(map, pool);
	idle = view_of(pool).idle;
	assert_int_equal(idle, view_of(pool).split.exclusive);
	assert_int_equal(view_of(pool).available, 100 - idle);
	assert_int_equal(take(0, pool, 101), 100);
}

static void percents_relabel(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	const struct quota_rule rule = quota_rule_plain(40, 50);

	(void)unused;
	quota_set_rule(map, pool, &rule);
	assert_int_equal(view_of(pool).split.exclusive, 40);
	assert_int_equal(view_of(pool).split.shared, 60);
	assert_int_equal(view_of(pool).split.batch, 30);
	assert_int_equal(take(0, pool, 101), 100);
}

static void the_dead_give_back_once(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10), tiny = quota_open(map, 3, 80, 10);

	(void)unused;
	assert_int_equal(take(1, pool, 33), 33);
	assert_int_equal(take(1, tiny, 2), 2);
	assert_int_equal(take(0, pool, 5), 5);
	for (int times = 0; times < 2; times++) {
		quota_core_dead(map, 1);
		assert_int_equal(view_of(pool).used, 5);
		assert_int_equal(view_of(pool).available + view_of(pool).idle, 95);
		assert_int_equal(view_of(tiny).available, 3);
	}
	quota_core_free(cores[1]);
	cores[1] = quota_core_new(map, 1);
	assert_int_equal(take(1, pool, 96), 95);
	assert_int_equal(take(1, tiny, 4), 3);
	give(1, pool, 95);
	assert_int_equal(take(2, pool, 96), 95);
}

static void the_dead_give_back_what_a_pocket_held(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	assert_int_equal(take(2, pool, 7), 7);
	quota_give(cores[2], pool);
	quota_core_dead(map, 2);
	assert_int_equal(view_of(pool).used, 0);
	assert_int_equal(view_of(pool).available + view_of(pool).idle, 1000);
}

static void ids_are_dealt_again(void **unused)
{
	(void)unused;
	for (int times = 0; times < 20; times++) {
		uint32_t pool = quota_open(map, 1 + times * times, 80, 10);

		assert_int_not_equal(pool, QUOTA_NONE);
		assert_int_equal(view_of(pool).admitted, 0);
		assert_int_equal(take(times % CORES, pool, 1000), 1 + times * times);
		assert_int_equal(view_of(pool).admitted, 1 + times * times);
		give(times % CORES, pool, 1 + times * times);
		quota_close(map, pool);
	}
}

static void no_room_is_said(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(quota_open(map, 5, 80, 10), QUOTA_NONE);
	assert_int_equal(quota_open(map, 5, 80, 10), QUOTA_NONE);
	quota_close(map, 1);
	assert_int_equal(quota_open(map, 5, 80, 10), 1);
}

/* A use in a pocket arrives at the end of the turn: until then its pool is not dealt again. */
static void unsettled_pool_rests(void **unused)
{
	uint32_t pools[3];

	(void)unused;
	for (int i = 0; i < 3; i++)
		pools[i] = quota_open(map, 1000, 80, 10);
	assert_int_equal(take(0, pools[1], 2), 2);
	quota_give(cores[0], pools[1]);
	quota_give(cores[0], pools[1]);
	quota_close(map, pools[1]);
	assert_int_equal(quota_open(map, 9, 80, 10), QUOTA_NONE);
	quota_turn_end(cores[0]);
	assert_int_equal(quota_open(map, 9, 80, 10), pools[1]);
	assert_int_equal(take(3, pools[1], 10), 9);
}

static void fits_the_memory(void **unused)
{
	struct quota_map *large = quota_map_new(64, 10000);

	(void)unused;
	assert_non_null(large);
	assert_true(quota_map_bytes(large) < 32u << 20);
	quota_map_free(large);
}

static void most_engines(void **unused)
{
	struct quota_map *wide = quota_map_new(QUOTA_CORES_MAX, 1);
	struct quota_core *last = quota_core_new(wide, QUOTA_CORES_MAX - 1);
	uint32_t pool = quota_open(wide, 10 * QUOTA_CORES_MAX, 80, 10);
	int granted = 0;

	(void)unused;
	while (quota_take(last, pool) == QUOTA_OK)
		granted++;
	assert_int_equal(granted, 10 * QUOTA_CORES_MAX);
	quota_core_free(last);
	quota_map_free(wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_of_a_limit),
		cmocka_unit_test_setup_teardown(fresh_pool_is_dealt_out, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_new_limit_relabels, open_map, free_map),
		cmocka_unit_test_setup_teardown(limit_falls_below_live_uses, open_map, free_map),
		cmocka_unit_test_setup_teardown(pocket_stays_shut_in_debt, open_map, free_map),
		cmocka_unit_test_setup_teardown(limit_rises_over_a_debt, open_map, free_map),
		cmocka_unit_test_setup_teardown(any_limit_follows_any_other, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_limit_set_late_is_dealt_out_too, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(a_limit_is_dealt_before_anybody_knows, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(percents_relabel, open_map, free_map),
		cmocka_unit_test_setup_teardown(the_dead_give_back_once, open_map, free_map),
		cmocka_unit_test_setup_teardown(the_dead_give_back_what_a_pocket_held, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(ids_are_dealt_again, open_map, free_map),
		cmocka_unit_test_setup_teardown(no_room_is_said, open_map, free_map),
		cmocka_unit_test_setup_teardown(unsettled_pool_rests, open_map, free_map),
		cmocka_unit_test(fits_the_memory),
		cmocka_unit_test(most_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
