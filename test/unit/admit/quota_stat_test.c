/* SPDX-License-Identifier: Apache-2.0
 * Promised: what an engine did with a pool is in its own block, under the row that says so; the
 * blocks of all engines make the sum; another pool's are another's.
 */
#include "admit/quota_stat.h"

#include "admit/quota_core_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CORES = 2 };

static uint64_t number(const struct quota_map *map, uint32_t pool, unsigned core, const char *name)
{
	const char *blocks = quota_stat_blocks(map, pool);
	size_t size = quota_stat_size(map);

	for (const struct stat_row *row = quota_stat_rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return core < CORES ? stat_sum(blocks + core * size, size, 1, row)
					    : stat_sum(blocks, size, CORES, row);
	fail_msg("no row %s", name);
	return 0;
}

static void each_engine_counts_its_own(void **unused)
{
	struct quota_map *map = quota_map_new(CORES, 3);
	uint32_t pool = quota_open(map, 100, 80, 10), other = quota_open(map, 100, 80, 10);
	struct quota_core *cores[CORES];

	(void)unused;
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
	for (int i = 0; i < 103; i++)
		if (quota_take(cores[0], pool) == QUOTA_FULL)
			quota_note_spill(cores[0], pool);
	assert_int_equal(quota_take(cores[1], pool), QUOTA_FULL);
	assert_int_equal(number(map, pool, 0, "Admitted"), 100);
	assert_int_equal(number(map, pool, 0, "Spilled full"), 3);
	assert_int_equal(number(map, pool, 0, "Reclaimed"), 40);
	assert_int_equal(number(map, pool, 0, "Borrowed"), 20);
	assert_true(number(map, pool, 0, "Borrowings") > 0);
	assert_true(number(map, pool, 0, "Reclaimings") + number(map, pool, 0, "Sealings") > 0);
	assert_int_equal(number(map, pool, 1, "Refused answers"), 1);
	assert_int_equal(number(map, pool, CORES, "Refused answers"), 4);
	assert_int_equal(number(map, other, CORES, "Admitted"), 0);
	for (unsigned i = 0; i < CORES; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_engine_counts_its_own) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
