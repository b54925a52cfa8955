/* SPDX-License-Identifier: Apache-2.0
 * Promised: the least load for the weight wins; among equals each in turn.
 */
#include "lb/least_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static _Alignas(16) char state[LB_STATE_MAX];

static int fresh(void **unused)
{
	(void)unused;
	memset(state, 0, sizeof(state));
	return 0;
}

static int ask(const struct lb_candidate *candidates, unsigned count)
{
	return least_choose(state, candidates, count, 0);
}

static void the_lightest_wins(void **unused)
{
	struct lb_candidate candidates[] = {
		{ .is_eligible = true, .weight = 1, .load = 5 },
		{ .is_eligible = true, .weight = 1, .load = 3 },
		{ .is_eligible = true, .weight = 1, .load = 4 },
	};

	(void)unused;
	assert_int_equal(ask(candidates, 3), 1);
	candidates[1].is_eligible = false;
	assert_int_equal(ask(candidates, 3), 2);
}

/* Ten connections on weight 4 are fewer than three on weight 1. */
static void weights_divide_the_load(void **unused)
{
	struct lb_candidate candidates[] = {
		{ .is_eligible = true, .weight = 1, .load = 3 },
		{ .is_eligible = true, .weight = 4, .load = 10 },
	};

	(void)unused;
	assert_int_equal(ask(candidates, 2), 1);
	candidates[1].load = 13;
	assert_int_equal(ask(candidates, 2), 0);
}

static void equals_take_turns(void **unused)
{
	struct lb_candidate candidates[3] = {
		{ .is_eligible = true, .weight = 1 },
		{ .is_eligible = true, .weight = 1 },
		{ .is_eligible = true, .weight = 1 },
	};
	int seen[3] = { 0 };

	(void)unused;
	for (int turn = 0; turn < 9; turn++)
		seen[ask(candidates, 3)]++;
	assert_int_equal(seen[0], 3);
	assert_int_equal(seen[1], 3);
	assert_int_equal(seen[2], 3);
}

/* When the load follows the choices, the shares follow the weights. */
static void shares_follow_weights(void **unused)
{
	struct lb_candidate candidates[3] = {
		{ .is_eligible = true, .weight = 1 },
		{ .is_eligible = true, .weight = 2 },
		{ .is_eligible = true, .weight = 5 },
	};

	(void)unused;
	for (int turn = 0; turn < 80; turn++)
		candidates[ask(candidates, 3)].load++;
	assert_int_equal(candidates[0].load, 10);
	assert_int_equal(candidates[1].load, 20);
	assert_int_equal(candidates[2].load, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_lightest_wins, fresh),
		cmocka_unit_test_setup(weights_divide_the_load, fresh),
		cmocka_unit_test_setup(equals_take_turns, fresh),
		cmocka_unit_test_setup(shares_follow_weights, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
