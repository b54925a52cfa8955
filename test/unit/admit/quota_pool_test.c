/* SPDX-License-Identifier: Apache-2.0
 * Promised: the packed words keep their fields apart up to their ends; sealing moves a stash into S
 * in whole and leaves a busy one alone; a debt ends when nothing is owed and the limit is not about
 * to fall.
 */
#include "admit/quota_core_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct quota_pool pool;
static _Atomic uint64_t stash;

static int fresh(void **unused)
{
	(void)unused;
	atomic_store(&pool.s, 0);
	atomic_store(&pool.mode, 0);
	atomic_store(&pool.open_mask[0], 0);
	atomic_store(&pool.open_mask[1], 0);
	atomic_store(&stash, 0);
	return 0;
}

static void fields_keep_apart(void **unused)
{
	uint64_t w = quota_reopened(QUOTA_GEN, QUOTA_FIELD, QUOTA_FIELD);
	uint64_t u = quota_change_make(-5, QUOTA_GEN, QUOTA_INTENT);

	(void)unused;
	assert_int_equal(quota_used(w), QUOTA_FIELD);
	assert_int_equal(quota_idle(w), QUOTA_FIELD);
	assert_true(w & QUOTA_OPEN);
	assert_false(w & (QUOTA_GEN | QUOTA_BUSY));
	assert_int_equal(quota_used(quota_sealed(w)), QUOTA_FIELD);
	assert_int_equal(quota_idle(quota_sealed(w)), 0);
	assert_int_equal(quota_change(u, QUOTA_GEN), -5);
	/* Of another generation, or of an open stash: void. */
	assert_int_equal(quota_change(u, 0), 0);
	assert_int_equal(quota_change(u, QUOTA_GEN | QUOTA_OPEN), 0);
}

static void pool_counts_to_both_ends(void **unused)
{
	(void)unused;
	quota_pool_add(&pool, QUOTA_UNLIMITED, QUOTA_CORES_MAX);
	assert_int_equal(quota_available(quota_pool_load(&pool)), QUOTA_UNLIMITED);
	assert_int_equal(quota_open_count(quota_pool_load(&pool)), QUOTA_CORES_MAX);
	quota_pool_add(&pool, -2 * QUOTA_UNLIMITED, 1 - QUOTA_CORES_MAX);
	assert_int_equal(quota_available(quota_pool_load(&pool)), -QUOTA_UNLIMITED);
	assert_int_equal(quota_open_count(quota_pool_load(&pool)), 1);
	assert_int_equal(quota_waiters(quota_pool_load(&pool)), 0);
}

static void sealing_moves_the_stash(void **unused)
{
	struct quota_sealing sealing;

	(void)unused;
	atomic_store(&stash, quota_reopened(0, 3, 40));
	quota_pool_add(&pool, 2, 1);
	quota_pool_mask_set(&pool, 77);
	sealing = quota_pool_seal(&pool, &stash, 77);
	assert_true(sealing.was_open);
	assert_int_equal(sealing.swaps, 1);
	assert_int_equal(sealing.got, 40);
	assert_int_equal(quota_available(quota_pool_load(&pool)), 42);
	assert_int_equal(quota_open_count(quota_pool_load(&pool)), 0);
	assert_int_equal(quota_used(atomic_load(&stash)), 3);
	assert_int_equal(atomic_load(&pool.open_mask[1]), 0);
	/* Sealed already: nothing comes twice. */
	sealing = quota_pool_seal(&pool, &stash, 77);
	assert_false(sealing.was_open || sealing.is_busy);
	assert_int_equal(sealing.got, 0);
	assert_int_equal(quota_available(quota_pool_load(&pool)), 42);
}

static void busy_stash_is_left_alone(void **unused)
{
	uint64_t w = quota_reopened(0, 3, 40) | QUOTA_BUSY;
	struct quota_sealing sealing;

	(void)unused;
	atomic_store(&stash, w);
	sealing = quota_pool_seal(&pool, &stash, 0);
	assert_true(sealing.is_busy);
	assert_false(sealing.was_open);
	assert_int_equal(sealing.got, 0);
	assert_int_equal(atomic_load(&stash), w);
}

static void debt_ends_when_paid(void **unused)
{
	(void)unused;
	atomic_store(&pool.mode, QUOTA_DEBT | QUOTA_SETTLE);
	quota_pool_add(&pool, -2, 0);
	quota_pool_debt_end(&pool);
	assert_true(atomic_load(&pool.mode) & QUOTA_DEBT);
	quota_pool_add(&pool, 1, 0);
	assert_true(atomic_load(&pool.mode) & QUOTA_DEBT);
	quota_pool_add(&pool, 1, 0);
	assert_int_equal(atomic_load(&pool.mode), QUOTA_SETTLE);
}

static void debt_lasts_while_the_limit_falls(void **unused)
{
	(void)unused;
	atomic_store(&pool.mode, QUOTA_DEBT | QUOTA_LOWERING);
	quota_pool_add(&pool, -1, 0);
	quota_pool_add(&pool, 1, 0);
	assert_true(atomic_load(&pool.mode) & QUOTA_DEBT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fields_keep_apart, fresh),
		cmocka_unit_test_setup(pool_counts_to_both_ends, fresh),
		cmocka_unit_test_setup(sealing_moves_the_stash, fresh),
		cmocka_unit_test_setup(busy_stash_is_left_alone, fresh),
		cmocka_unit_test_setup(debt_ends_when_paid, fresh),
		cmocka_unit_test_setup(debt_lasts_while_the_limit_falls, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
