/* SPDX-License-Identifier: Apache-2.0
 * Promised: every row is complete and is found by its name, in any case; no other name is.
 */
#include "lb/lb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rows_are_complete(void **unused)
{
	(void)unused;
	for (const struct lb_method *const *row = lb_methods; *row != NULL; row++) {
		assert_non_null((*row)->name);
		assert_non_null((*row)->help);
		assert_non_null((*row)->choose);
		assert_true((*row)->state_size <= LB_STATE_MAX);
		assert_ptr_equal(lb_find(str_of((*row)->name)), *row);
	}
}

static void names_have_no_case(void **unused)
{
	(void)unused;
	assert_string_equal(lb_find(STR("leastConnection"))->name, "LEASTCONNECTION");
	assert_string_equal(lb_find(STR("roundrobin"))->name, "ROUNDROBIN");
	assert_null(lb_find(STR("ROUND")));
	assert_null(lb_find(STR("")));
}

static void nobody_eligible_is_none(void **unused)
{
	struct lb_candidate candidates[3] = { { .weight = 1 }, { .weight = 2 }, { .weight = 3 } };

	(void)unused;
	for (const struct lb_method *const *row = lb_methods; *row != NULL; row++) {
		_Alignas(16) char state[LB_STATE_MAX] = { 0 };

		assert_int_equal((*row)->choose(state, candidates, 3, 7), LB_NONE);
		assert_int_equal((*row)->choose(state, NULL, 0, 7), LB_NONE);
	}
}

/* Whatever the state was left at, a choice is an eligible one, also when the set has changed. */
static void a_choice_is_eligible(void **unused)
{
	uint64_t seed = 42;

	(void)unused;
	for (const struct lb_method *const *row = lb_methods; *row != NULL; row++) {
		_Alignas(16) char state[LB_STATE_MAX] = { 0 };

		for (int turn = 0; turn < 20000; turn++) {
			struct lb_candidate candidates[9];
			unsigned count, eligible = 0;
			int chosen;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			count = (unsigned)(seed >> 60) % 10;
			for (unsigned i = 0; i < count; i++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				candidates[i] = (struct lb_candidate){
					.is_eligible = (seed >> 63) != 0,
					.weight = 1 + (uint32_t)(seed >> 40) % 100,
					.id = i,
					.load = (seed >> 20) % 50,
				};
				eligible += candidates[i].is_eligible;
			}
			chosen = (*row)->choose(state, candidates, count, seed);
			if (eligible == 0) {
				assert_int_equal(chosen, LB_NONE);
			} else {
				assert_in_range(chosen, 0, count - 1);
				assert_true(candidates[chosen].is_eligible);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(names_have_no_case),
		cmocka_unit_test(nobody_eligible_is_none),
		cmocka_unit_test(a_choice_is_eligible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
