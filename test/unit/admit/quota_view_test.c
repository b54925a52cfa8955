/* SPDX-License-Identifier: Apache-2.0
 * Promised: what is shown of a pool adds up: used, idle and available make the limit, each engine's
 * part makes the sum, and what happened is counted where it happened.
 */
#include "admit/quota_core_priv.h"

enum { CORES = 4, POOLS = 1 };

#include "pools.h"

static void take_or_spill(unsigned core, uint32_t pool, int times)
{
	while (times-- > 0)
		if (quota_take(cores[core], pool) == QUOTA_FULL)
			quota_note_spill(cores[core], pool, quota_why(cores[core]));
}

static void parts_make_the_whole(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	struct quota_view view;
	int64_t used = 0, idle = 0, borrowed = 0;

	(void)unused;
	take_or_spill(0, pool, 33);
	take_or_spill(2, pool, 7);
	quota_read(map, pool, &view);
	for (unsigned i = 0; i < CORES; i++) {
		struct quota_core_view part;

		quota_read_core(map, pool, i, &part);
		used += part.used;
		idle += part.idle;
		borrowed += part.borrowed;
		assert_int_equal(part.exclusive, 20);
		assert_int_equal(part.admitted, i == 0 ? 33 : i == 2 ? 7 : 0);
	}
	assert_int_equal(used, 40);
	assert_int_equal(view.used, 40);
	assert_int_equal(view.idle, idle);
	assert_int_equal(borrowed, 13);
	assert_int_equal(view.used + view.idle + view.available, 100);
	assert_int_equal(view.admitted, 40);
}

static void what_happened_is_counted(void **unused)
{
	uint32_t pool = quota_open(map, 10, 80, 10);
	struct quota_core_view part;
	struct quota_view view;

	(void)unused;
	take_or_spill(1, pool, 12);
	quota_set_limit(map, pool, 11);
	quota_set_limit(map, pool, 10);
	quota_read(map, pool, &view);
	quota_read_core(map, pool, 1, &part);
	assert_int_equal(view.limit_changes, 2);
	assert_int_equal(view.refused, 2);
	assert_int_equal(view.spilled[QUOTA_WHY_FULL], 2);
	assert_int_equal(part.spilled[QUOTA_WHY_FULL], 2);
	assert_int_equal(view.spilled[QUOTA_WHY_EARLY], 0);
	assert_int_equal(view.premature, 0);
	assert_int_equal(view.deaths, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_make_the_whole, open_map, free_map),
		cmocka_unit_test_setup_teardown(what_happened_is_counted, open_map, free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
