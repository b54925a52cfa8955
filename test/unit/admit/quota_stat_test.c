/* SPDX-License-Identifier: Apache-2.0
 * Promised: what an engine did with a pool is in its own numbers, under the row that says so; the
 * numbers of all engines make the sum, the parts of a number the number; another pool's are
 * another's.
 */
#include "admit/quota_stat.h"

#include "admit/quota_core_priv.h"

#include <string.h>

enum { CORES = 2, POOLS = 3 };

#include "pools.h"

/* `core` CORES: all together. */
static uint64_t number(uint32_t pool, unsigned core, const char *name)
{
	struct quota_stat stats[CORES];

	for (unsigned i = 0; i < CORES; i++)
		quota_stat_read(map, pool, i, &stats[i]);
	for (const struct stat_row *row = quota_stat_rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return core < CORES ? stat_sum(&stats[core], sizeof(*stats), 1, row)
					    : stat_sum(stats, sizeof(*stats), CORES, row);
	fail_msg("no row %s", name);
	return 0;
}

static void each_engine_counts_its_own(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10), other = quota_open(map, 100, 80, 10);

	(void)unused;
	for (int i = 0; i < 103; i++)
		if (quota_take(cores[0], pool) == QUOTA_FULL)
			quota_note_spill(cores[0], pool, quota_why(cores[0]));
	assert_int_equal(quota_take(cores[1], pool), QUOTA_FULL);
	assert_int_equal(number(pool, 0, "Admitted"), 100);
	assert_int_equal(number(pool, 0, "Spilled full"), 3);
	assert_int_equal(number(pool, 0, "Reclaimed"), 40);
	assert_int_equal(number(pool, 0, "Borrowed"), 20);
	assert_true(number(pool, 0, "Borrowings") > 0);
	assert_true(number(pool, 0, "Reclaimings") + number(pool, 0, "Sealings") > 0);
	assert_int_equal(number(pool, 1, "Refused answers"), 1);
	assert_int_equal(number(pool, CORES, "Refused answers"), 4);
	assert_int_equal(number(other, CORES, "Admitted"), 0);
}

/* 40 lie at hand, then 20 are borrowed in batches, then the other engine's are collected. */
static void admissions_are_told_by_where_they_came_from(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 40), 40);
	assert_int_equal(number(pool, 0, "Admitted by its own"), 40);
	assert_int_equal(number(pool, 0, "Shared changes"), 0);
	assert_int_equal(take(0, pool, 61), 60);
	assert_true(number(pool, 0, "Admitted by sharing") > 0);
	assert_true(number(pool, 0, "Shared changes") >= number(pool, 0, "Admitted by sharing"));
	assert_int_equal(number(pool, 0, "Admitted"),
			 number(pool, 0, "Admitted by its own") +
				 number(pool, 0, "Admitted by sharing"));
	assert_int_equal(number(pool, 0, "Peak of an engine"), 100);
	give(0, pool, 30);
	assert_int_equal(number(pool, 0, "Given back"), 30);
	assert_int_equal(number(pool, 0, "Kept at hand") + number(pool, 0, "Returned while sealed"),
			 30);
	assert_int_equal(number(pool, 0, "Used"), 70);
	assert_int_equal(number(pool, CORES, "Peak of an engine"), 100);
}

/* Settled: the next client of the turn has the use of the one that left. */
static void handing_on_is_no_giving_to_oneself(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 10), 10);
	for (int i = 0; i < 5; i++)
		quota_give(cores[0], pool);
	assert_int_equal(take(0, pool, 3), 3);
	quota_turn_end(cores[0]);
	assert_int_equal(number(pool, 0, "Admitted"), 13);
	assert_int_equal(number(pool, 0, "Admitted by handing on"), 3);
	assert_int_equal(number(pool, 0, "Given back"), 5);
	assert_int_equal(number(pool, 0, "Kept at hand"), 2);
	assert_int_equal(number(pool, 0, "Peak of an engine"), 10);
}

static void who_is_sealed_sees_it(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	assert_int_equal(take(1, pool, 100), 100);
	assert_int_equal(take(1, pool, 1), 0);
	assert_int_equal(take(0, pool, 1), 0);
	assert_int_equal(number(pool, 0, "Sealed by others"), 1);
	assert_int_equal(number(pool, 1, "Sealed by others"), 0);
	assert_int_equal(number(pool, 1, "Sealings"), 1);
	quota_set_limit(map, pool, 90);
	assert_int_equal(take(0, pool, 1), 0);
	assert_int_equal(number(pool, 0, "Limit changes seen"), 1);
	assert_int_equal(number(pool, 1, "Limit changes seen"), 0);
	assert_int_equal(view_of(pool).debt, 10);
	assert_int_equal(view_of(pool).open_engines, 0);
}

/* Who was expected and did not come was never a client. */
static void what_nobody_came_for_was_not_given_back(void **unused)
{
	uint32_t pool = quota_open(map, 7, 80, 10);

	(void)unused;
	quota_expect(cores[0], pool, 4);
	assert_int_equal(take(0, pool, 2), 2);
	quota_turn_end(cores[0]);
	assert_int_equal(number(pool, 0, "Used"), 2);
	assert_int_equal(number(pool, 0, "Admitted"), 2);
	assert_int_equal(number(pool, 0, "Given back"), 0);
	assert_int_equal(number(pool, 0, "Kept at hand"), 0);
	give(0, pool, 2);
	assert_int_equal(number(pool, 0, "Given back"), 2);
}

static void uses_that_died_were_not_given_back(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 50), 50);
	give(0, pool, 20);
	quota_core_dead(map, 0);
	assert_int_equal(number(pool, 0, "Given back"), 20);
	assert_int_equal(number(pool, 0, "Used"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_map, free_map)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_engine_counts_its_own),
		TEST(admissions_are_told_by_where_they_came_from),
		TEST(handing_on_is_no_giving_to_oneself),
		TEST(who_is_sealed_sees_it),
		TEST(what_nobody_came_for_was_not_given_back),
		TEST(uses_that_died_were_not_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
