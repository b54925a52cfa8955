/* SPDX-License-Identifier: Apache-2.0
 * Promised: a search takes half of what the next rich engine has, or one, and nothing from one that
 * has no more than was said, is sealed or is moving its uses; sealing brings all of one engine's
 * idle uses to the shared pool.
 */
#include "admit/quota_seat_priv.h"

enum { CORES = 4, POOLS = 1 };

#include "pools.h"

static struct quota_seat seat;

/* x = 20, S = 20. */
static int sit_down(void **unused)
{
	if (open_map(unused) != 0)
		return 1;
	seat = quota_seat_at(cores[1], quota_open(map, 100, 80, 10));
	return 0;
}

static int64_t idle_of(unsigned core)
{
	return quota_idle(quota_load(quota_stash_at(map, core, seat.id)));
}

static void set_busy(unsigned core, bool is_busy)
{
	_Atomic uint64_t *stash = quota_stash_at(map, core, seat.id);
	uint64_t w = quota_load(stash);

	quota_store(stash, is_busy ? w | QUOTA_BUSY : w & ~QUOTA_BUSY);
}

static void it_takes_half_of_the_next(void **unused)
{
	(void)unused;
	assert_int_equal(quota_search(&seat, CORES, 0, false), 10);
	assert_int_equal(idle_of(2), 10);
	assert_int_equal(quota_search(&seat, CORES, 0, true), 1);
	assert_int_equal(idle_of(2) + idle_of(3) + idle_of(0), 49);
	assert_int_equal(idle_of(1), 20);
}

static void it_passes_who_is_poor(void **unused)
{
	(void)unused;
	assert_int_equal(take(2, seat.id, 15), 15);
	assert_int_equal(quota_search(&seat, CORES, 5, false), 10);
	assert_int_equal(idle_of(2), 5);
	assert_int_equal(idle_of(3), 10);
	assert_int_equal(quota_search(&seat, CORES, 50, false), 0);
}

static void nobody_is_robbed_while_moving_uses(void **unused)
{
	(void)unused;
	assert_int_equal(take(1, seat.id, 20), 20);
	for (unsigned i = 0; i < CORES; i++)
		set_busy(i, true);
	assert_int_equal(quota_search(&seat, CORES, 0, false), 0);
	set_busy(1, false);
	assert_false(quota_search_and_seal(&seat, false));
	for (unsigned i = 0; i < CORES; i++)
		set_busy(i, false);
}

static void sealing_ends_with_the_first_that_yields(void **unused)
{
	(void)unused;
	assert_int_equal(take(1, seat.id, 20), 20);
	assert_true(quota_search_and_seal(&seat, true));
	assert_int_equal(idle_of(2), 0);
	assert_int_equal(idle_of(3), 20);
	assert_int_equal(view_of(seat.id).available, 40);
	assert_int_equal(view_of(seat.id).reclaimed, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_takes_half_of_the_next, sit_down, free_map),
		cmocka_unit_test_setup_teardown(it_passes_who_is_poor, sit_down, free_map),
		cmocka_unit_test_setup_teardown(nobody_is_robbed_while_moving_uses, sit_down,
						free_map),
		cmocka_unit_test_setup_teardown(sealing_ends_with_the_first_that_yields, sit_down,
						free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
