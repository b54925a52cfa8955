/* SPDX-License-Identifier: Apache-2.0
 * Promised: equal weights take strict turns; unequal ones get exactly their share of every ring's
 * length of choices, spread out; services may come and go.
 */
#include "lb/lb_priv.h"

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
	return lb_round_robin.choose(state, candidates, count, 0);
}

static void equals_take_strict_turns(void **unused)
{
	struct lb_candidate candidates[4];
	int first;

	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		candidates[i] = (struct lb_candidate){ .is_eligible = true, .weight = 7 };
	first = ask(candidates, 4);
	for (int turn = 1; turn < 12; turn++)
		assert_int_equal(ask(candidates, 4), (first + turn) % 4);
}

static void who_is_down_is_passed_over(void **unused)
{
	struct lb_candidate candidates[3];
	int seen[3] = { 0 };

	(void)unused;
	for (unsigned i = 0; i < 3; i++)
		candidates[i] = (struct lb_candidate){ .is_eligible = i != 1, .weight = 1 };
	for (int turn = 0; turn < 10; turn++)
		seen[ask(candidates, 3)]++;
	assert_int_equal(seen[0], 5);
	assert_int_equal(seen[1], 0);
	assert_int_equal(seen[2], 5);
}

/* Any weights: in each window of (sum / common factor) choices the shares are exact. */
static void shares_are_exact(void **unused)
{
	static const uint32_t weights[][4] = {
		{ 5, 1, 1, 1 },     { 1, 2, 3, 4 }, { 100, 1, 1, 1 },
		{ 10, 20, 30, 40 }, { 1, 1, 1, 2 }, { 97, 89, 3, 50 },
	};

	(void)unused;
	for (unsigned row = 0; row < sizeof(weights) / sizeof(weights[0]); row++) {
		struct lb_candidate candidates[4];
		uint32_t total = 0, seen[4] = { 0 };

		memset(state, 0, sizeof(state));
		for (unsigned i = 0; i < 4; i++) {
			candidates[i] = (struct lb_candidate){ .is_eligible = true,
							       .weight = weights[row][i] };
			total += weights[row][i];
		}
		for (uint32_t turn = 0; turn < total; turn++)
			seen[ask(candidates, 4)]++;
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(seen[i], weights[row][i]);
	}
}

/* Weights 4 and 3: the heavier one is never met three times in succession. */
static void visits_are_spread(void **unused)
{
	struct lb_candidate candidates[] = { { .is_eligible = true, .weight = 4 },
					     { .is_eligible = true, .weight = 3 } };
	int run = 0;

	(void)unused;
	for (int turn = 0; turn < 70; turn++) {
		run = ask(candidates, 2) == 0 ? run + 1 : 0;
		assert_true(run < 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equals_take_strict_turns, fresh),
		cmocka_unit_test_setup(who_is_down_is_passed_over, fresh),
		cmocka_unit_test_setup(shares_are_exact, fresh),
		cmocka_unit_test_setup(visits_are_spread, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
