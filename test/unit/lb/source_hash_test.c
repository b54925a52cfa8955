/* SPDX-License-Identifier: Apache-2.0
 * Promised: one key, one service; when a service goes only its own keys move; weights count.
 */
#include "lb/lb_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { KEYS = 8000 };

static int ask(const struct lb_candidate *candidates, unsigned count, uint64_t key)
{
	return lb_source_hash.choose(NULL, candidates, count, key);
}

static void only_the_lost_ones_move(void **unused)
{
	struct lb_candidate candidates[4];

	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		candidates[i] = (struct lb_candidate){ .is_eligible = true, .weight = 1, .id = i };
	for (uint64_t key = 0; key < KEYS; key++) {
		int before = ask(candidates, 4, key), after;

		assert_int_equal(ask(candidates, 4, key), before);
		candidates[2].is_eligible = false;
		after = ask(candidates, 4, key);
		candidates[2].is_eligible = true;
		if (before != 2)
			assert_int_equal(after, before);
		else
			assert_int_not_equal(after, 2);
	}
}

static void weights_are_shares(void **unused)
{
	struct lb_candidate candidates[] = { { .is_eligible = true, .weight = 1, .id = 3 },
					     { .is_eligible = true, .weight = 3, .id = 9 } };
	int seen[2] = { 0 };

	(void)unused;
	for (uint64_t key = 0; key < KEYS; key++)
		seen[ask(candidates, 2, key * 2654435761u)]++;
	assert_in_range(seen[0], KEYS / 4 - KEYS / 40, KEYS / 4 + KEYS / 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_lost_ones_move),
		cmocka_unit_test(weights_are_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
