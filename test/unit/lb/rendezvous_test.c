/* SPDX-License-Identifier: Apache-2.0
 * Promised: one key, one service; when one of ten services goes only its own keys move, and they
 * spread over all others; a weight is a share of the keys, and a change of it moves only the
 * difference.
 */
#include "lb/rendezvous_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { KEYS = 100000, SERVICES = 10 };

static void make(struct lb_candidate candidates[SERVICES], bool has_weights)
{
	for (unsigned i = 0; i < SERVICES; i++)
		candidates[i] = (struct lb_candidate){ .is_eligible = true,
						       .weight = has_weights ? 10 * (i + 1) : 1,
						       .id = 7 + 3 * i };
}

static int ask(const struct lb_candidate *candidates, uint64_t key)
{
	return rendezvous_choose(NULL, candidates, SERVICES, key);
}

/* Each in turn goes away and comes back. At most its share of the keys moves, and 3 percent. */
static void lose_each(bool has_weights)
{
	static unsigned char before[KEYS];
	struct lb_candidate candidates[SERVICES];
	double total = has_weights ? 550 : SERVICES;

	make(candidates, has_weights);
	for (unsigned key = 0; key < KEYS; key++)
		before[key] = (unsigned char)ask(candidates, key);
	for (unsigned lost = 0; lost < SERVICES; lost++) {
		unsigned moved = 0, taken[SERVICES] = { 0 };

		candidates[lost].is_eligible = false;
		for (unsigned key = 0; key < KEYS; key++) {
			int now = ask(candidates, key);

			if (now == before[key])
				continue;
			assert_int_equal(before[key], lost);
			taken[now]++;
			moved++;
		}
		candidates[lost].is_eligible = true;
		assert_true(moved <= KEYS * (candidates[lost].weight / total + 0.03));
		assert_true(moved >= KEYS * (candidates[lost].weight / total * 0.9));
		for (unsigned other = 0; other < SERVICES; other++)
			assert_true(other == lost || taken[other] > 0);
	}
}

static void only_the_lost_ones_move(void **unused)
{
	(void)unused;
	lose_each(false);
}

static void with_weights_too(void **unused)
{
	(void)unused;
	lose_each(true);
}

static void weights_are_shares(void **unused)
{
	struct lb_candidate candidates[SERVICES];
	unsigned seen[SERVICES] = { 0 };

	(void)unused;
	make(candidates, true);
	for (unsigned key = 0; key < KEYS; key++)
		seen[ask(candidates, key)]++;
	for (unsigned i = 0; i < SERVICES; i++)
		assert_in_range(seen[i], KEYS / 550.0 * candidates[i].weight * 0.93,
				KEYS / 550.0 * candidates[i].weight * 1.07);
}

/* From equal weights to twice the weight for one: it gets 2 of 11 instead of 1 of 10, and nobody
 * else gets any. */
static void a_weight_moves_the_difference(void **unused)
{
	struct lb_candidate candidates[SERVICES];
	unsigned moved = 0;

	(void)unused;
	make(candidates, false);
	for (unsigned key = 0; key < KEYS; key++) {
		int before = ask(candidates, key), after;

		candidates[4].weight = 2;
		after = ask(candidates, key);
		candidates[4].weight = 1;
		assert_true(after == before || after == 4);
		moved += after != before;
	}
	assert_in_range(moved, KEYS * 0.07, KEYS * 0.095);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_lost_ones_move),
		cmocka_unit_test(with_weights_too),
		cmocka_unit_test(weights_are_shares),
		cmocka_unit_test(a_weight_moves_the_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
