/* SPDX-License-Identifier: Apache-2.0
 * Promised: an engine keeps more of a pool that is rich and less of one that is poor, never more
 * when the rule fixes it, begins anew under another limit, and is the slower to open the sooner it
 * was sealed the last time.
 */
#include "admit/quota_seat_priv.h"

enum { CORES = 2, POOLS = 1 };

#include "pools.h"

static struct quota_seat seat;

/* x = 40, S = 20, B = 2: a cap of 4 at the start. */
static int sit_down(void **unused)
{
	if (open_map(unused) != 0)
		return 1;
	seat = quota_seat_at(cores[0], quota_open(map, 100, 80, 10));
	return 0;
}

static void an_empty_stash_wants_its_share_or_half_the_cap(void **unused)
{
	(void)unused;
	seat.used = 15;
	assert_int_equal(quota_habit_wanted(&seat), 25);
	seat.used = 40;
	assert_int_equal(quota_habit_wanted(&seat), 2);
}

static void a_rich_giver_lets_it_keep_more(void **unused)
{
	(void)unused;
	quota_habit_learn_from_pool(&seat, 4);
	assert_int_equal(seat.habit->cap, 8);
	quota_habit_learn_from_pool(&seat, 3);
	assert_int_equal(seat.habit->cap, 4);
	quota_habit_learn_from_peer(&seat, 10);
	assert_int_equal(seat.habit->cap, 20);
	quota_habit_learn_from_peer(&seat, 1);
	assert_int_equal(seat.habit->cap, 10);
}

static void another_limit_begins_anew(void **unused)
{
	(void)unused;
	quota_habit_learn_from_peer(&seat, 10);
	quota_set_limit(map, seat.id, 200);
	quota_habit_refresh(&seat);
	assert_int_equal(seat.habit->cap, 8);
}

static void a_fixed_rule_learns_nothing(void **unused)
{
	struct quota_rule rule = quota_rule_plain(80, 10);

	(void)unused;
	rule.is_fixed = true;
	quota_set_rule(map, seat.id, &rule);
	quota_habit_refresh(&seat);
	quota_habit_learn_from_pool(&seat, 50);
	quota_habit_learn_from_peer(&seat, 50);
	assert_int_equal(seat.habit->cap, 4);
}

static void seal_and_open(uint32_t turns)
{
	quota_habit_note_sealed(&seat);
	quota_habit_note_open(&seat);
	seat.core->turn += turns;
}

static void who_is_sealed_at_once_opens_later(void **unused)
{
	uint64_t s = QUOTA_AVAIL_ONE;

	(void)unused;
	quota_habit_note_open(&seat);
	seal_and_open(1);
	quota_habit_note_sealed(&seat);
	assert_int_equal(seat.habit->patience, 4 * QUOTA_PATIENCE_LEAST);
	for (int i = 1; i < 4 * QUOTA_PATIENCE_LEAST; i++)
		quota_habit_note_single(&seat);
	assert_false(quota_habit_wants_to_open(&seat, s));
	quota_habit_note_single(&seat);
	assert_true(quota_habit_wants_to_open(&seat, s));
	assert_false(quota_habit_wants_to_open(&seat, s | QUOTA_WAITER_ONE));
	quota_habit_note_open(&seat);
	seal_and_open(10000);
	quota_habit_note_sealed(&seat);
	assert_true(seat.habit->patience < 4 * QUOTA_PATIENCE_LEAST * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_stash_wants_its_share_or_half_the_cap,
						sit_down, free_map),
		cmocka_unit_test_setup_teardown(a_rich_giver_lets_it_keep_more, sit_down, free_map),
		cmocka_unit_test_setup_teardown(another_limit_begins_anew, sit_down, free_map),
		cmocka_unit_test_setup_teardown(a_fixed_rule_learns_nothing, sit_down, free_map),
		cmocka_unit_test_setup_teardown(who_is_sealed_at_once_opens_later, sit_down,
						free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
