/* SPDX-License-Identifier: Apache-2.0
 * Promised: with T1 and T2 moved an engine spills early, and by nothing but these; the last T2 uses
 * are for clients that are kept; a pool that was full stays spilling until enough was free for long
 * enough; each is counted by its reason, and nothing lets a use too many in.
 */
#include "admit/quota_core_priv.h"
#include "admit/quota_queue.h"

enum { CORES = 4, POOLS = 2 };

#include "pools.h"

static int take_as(unsigned core, uint32_t pool, int times, enum quota_class class)
{
	int granted = 0;

	for (; times > 0; times--) {
		if (quota_take_as(cores[core], pool, class) == QUOTA_OK)
			granted++;
		else
			quota_note_spill(cores[core], pool, quota_why(cores[core]));
	}
	return granted;
}

static int take_or_spill(unsigned core, uint32_t pool, int times)
{
	return take_as(core, pool, times, QUOTA_CLASS_PLAIN);
}

/* 100 on four engines: 20 for each, 20 shared. */
static uint32_t open_early(struct quota_amount t1, struct quota_amount t2, enum quota_mode mode)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	struct quota_rule rule = quota_rule_of(map, pool);

	rule.engine_threshold = t1;
	rule.shared_threshold = t2;
	rule.mode = mode;
	quota_set_rule(map, pool, &rule);
	return pool;
}

static void thresholds_in_uses(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 50, true },
				   (struct quota_amount){ 25, true }, QUOTA_MODE_EXACT);

	(void)unused;
	assert_int_equal(view_of(pool).engine_threshold, 10);
	assert_int_equal(view_of(pool).shared_threshold, 5);
	assert_true(view_of(pool).is_early);
	quota_set_limit(map, pool, 200);
	assert_int_equal(view_of(pool).engine_threshold, 20);
	assert_int_equal(view_of(pool).shared_threshold, 10);
	quota_set_limit(map, pool, QUOTA_UNLIMITED);
	assert_false(view_of(pool).is_early);
}

static void defaults_spill_at_the_limit_only(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 100, true },
				   (struct quota_amount){ 0, false }, QUOTA_MODE_EXACT);

	(void)unused;
	assert_false(view_of(pool).is_early);
	assert_int_equal(take_or_spill(0, pool, 101), 100);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_FULL], 1);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_EARLY], 0);
}

/* The shared pool is borrowed, so an engine spills at half of its own. */
static void t1_lowers_what_an_engine_takes(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 50, true },
				   (struct quota_amount){ 0, false }, QUOTA_MODE_EXACT);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 50), 40); /* 20 of its own and all that is shared */
	assert_int_equal(take_or_spill(1, pool, 50), 10);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_EARLY], 50);
	assert_int_equal(quota_take(cores[1], pool), QUOTA_FULL);
	assert_int_equal(quota_why(cores[1]), QUOTA_WHY_EARLY);
	assert_int_equal(view_of(pool).premature, 0);
	give(0, pool, 1);
	assert_int_equal(take_or_spill(1, pool, 50), 11); /* to 21: one is borrowed */
	assert_int_equal(take_as(2, pool, 50, QUOTA_CLASS_KEPT), 40);
}

static void t1_as_a_number(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 3, false },
				   (struct quota_amount){ 20, false }, QUOTA_MODE_EXACT);

	(void)unused;
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(take_or_spill(i, pool, 10), 3);
}

/* The last 5 are not for everybody, whoever asks and wherever they are free. */
static void t2_keeps_a_reserve(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 100, true },
				   (struct quota_amount){ 5, false }, QUOTA_MODE_EXACT);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 60), 35);
	for (unsigned i = 1; i < CORES; i++)
		assert_int_equal(take_or_spill(i, pool, 40), 20);
	assert_int_equal(view_of(pool).used, 95);
	assert_int_equal(take_as(3, pool, 10, QUOTA_CLASS_KEPT), 5);
	assert_int_equal(quota_take_as(cores[3], pool, QUOTA_CLASS_KEPT), QUOTA_FULL);
	assert_int_equal(quota_why(cores[3]), QUOTA_WHY_FULL);
	give(3, pool, 5);
	assert_int_equal(take_or_spill(3, pool, 1), 0);
	give(3, pool, 1);
	assert_int_equal(take_or_spill(3, pool, 2), 1);
}

static void t2_keeps_a_reserve_in_patent_mode(void **unused)
{
	uint32_t pool = open_early((struct quota_amount){ 100, true },
				   (struct quota_amount){ 6, false }, QUOTA_MODE_PATENT);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 60), 34);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_EARLY], 26);
	assert_int_equal(view_of(pool).premature, 0);
	assert_int_equal(take_as(0, pool, 60, QUOTA_CLASS_KEPT), 6);
	assert_int_equal(view_of(pool).premature, 54);
}

/* What engines had ready when the rule came is not lost, nor handed out past the reserve. */
static void a_reserve_comes_under_uses(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);
	struct quota_rule rule = quota_rule_of(map, pool);

	(void)unused;
	assert_int_equal(take_or_spill(1, pool, 400), 400);
	rule.shared_threshold = (struct quota_amount){ 150, false };
	quota_set_rule(map, pool, &rule);
	for (unsigned i = 0; i < CORES; i++)
		(void)take_or_spill(i, pool, 1000);
	assert_int_equal(view_of(pool).used, 850);
	rule.shared_threshold.number = 0;
	quota_set_rule(map, pool, &rule);
	assert_int_equal(take_or_spill(2, pool, 1000), 150);
}

static uint32_t open_returning(uint32_t free, uint32_t hold_ms)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	struct quota_rule rule = quota_rule_of(map, pool);

	rule.return_free = (struct quota_amount){ free, true };
	rule.hold_ms = hold_ms;
	quota_set_rule(map, pool, &rule);
	return pool;
}

static void full_stays_full_until_enough_is_free(void **unused)
{
	uint32_t pool = open_returning(10, 0);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 100), 100);
	give(0, pool, 5);
	assert_int_equal(take_or_spill(1, pool, 5), 5); /* nobody was refused so far */
	assert_int_equal(take_or_spill(1, pool, 1), 0);
	assert_true(view_of(pool).is_returning);
	give(0, pool, 9);
	assert_int_equal(take_or_spill(1, pool, 20), 0);
	assert_int_equal(quota_why(cores[1]), QUOTA_WHY_HYSTERESIS);
	assert_int_equal(take_as(2, pool, 3, QUOTA_CLASS_KEPT), 3);
	give(2, pool, 3);
	give(0, pool, 1);
	assert_false(view_of(pool).is_returning);
	assert_int_equal(take_or_spill(3, pool, 20), 10);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_HYSTERESIS], 20 + 9);
	assert_int_equal(view_of(pool).spilled[QUOTA_WHY_FULL], 1 + 1);
}

static void enough_must_last(void **unused)
{
	struct quota_pool *pool = quota_pool_at(map, open_returning(10, 500));

	(void)unused;
	atomic_fetch_or(&pool->mode, QUOTA_RETURNING);
	assert_false(quota_guard_return(pool, 9, 1000));
	assert_false(quota_guard_return(pool, 10, 2000));
	assert_false(quota_guard_return(pool, 10, 2499));
	assert_false(quota_guard_return(pool, 9, 2499)); /* begins anew */
	assert_false(quota_guard_return(pool, 10, 2500));
	assert_false(quota_guard_return(pool, 50, 2999));
	assert_true(quota_guard_return(pool, 10, 3000));
	assert_int_equal(atomic_load(&pool->mode) & QUOTA_RETURNING, 0);
}

static void a_queue_does_not_end_it(void **unused)
{
	uint32_t pool = open_returning(100, 100000);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 101), 100);
	give(0, pool, 50);
	assert_true(quota_queue_set(map, pool, 5));
	assert_true(view_of(pool).is_returning);
	assert_int_equal(take_or_spill(0, pool, 1), 0);
	assert_true(quota_queue_set(map, pool, 0));
	assert_int_equal(take_or_spill(0, pool, 1), 0);
}

static void without_a_rule_it_ends(void **unused)
{
	uint32_t pool = open_returning(100, 100000);

	(void)unused;
	assert_int_equal(take_or_spill(0, pool, 101), 100);
	give(0, pool, 50);
	assert_int_equal(take_or_spill(0, pool, 1), 0);
	quota_set_rule(map, pool, &(struct quota_rule){ .engine_threshold = { 100, true } });
	assert_int_equal(take_or_spill(0, pool, 60), 50);
	assert_false(view_of(pool).is_returning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(thresholds_in_uses, open_map, free_map),
		cmocka_unit_test_setup_teardown(defaults_spill_at_the_limit_only, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(t1_lowers_what_an_engine_takes, open_map, free_map),
		cmocka_unit_test_setup_teardown(t1_as_a_number, open_map, free_map),
		cmocka_unit_test_setup_teardown(t2_keeps_a_reserve, open_map, free_map),
		cmocka_unit_test_setup_teardown(t2_keeps_a_reserve_in_patent_mode, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(a_reserve_comes_under_uses, open_map, free_map),
		cmocka_unit_test_setup_teardown(full_stays_full_until_enough_is_free, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(enough_must_last, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_queue_does_not_end_it, open_map, free_map),
		cmocka_unit_test_setup_teardown(without_a_rule_it_ends, open_map, free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
