/* SPDX-License-Identifier: Apache-2.0
 * Every number of a block has exactly one row, with a name of its own, and sums over the engines.
 */
#include "record/stat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check_table(const struct stat_row *rows, size_t block)
{
	size_t numbers = 0;

	for (const struct stat_row *row = rows; row->name != NULL; row++, numbers++) {
		assert_int_equal(row->offset, numbers * sizeof(struct stat_number));
		assert_true(row->offset < block);
		assert_non_null(row->help);
		for (const struct stat_row *other = rows; other < row; other++)
			assert_string_not_equal(other->name, row->name);
	}
	/* Rounded up to the alignment of the block. */
	assert_true(block - numbers * sizeof(struct stat_number) < 64);
}

static void test_tables(void **state)
{
	(void)state;
	check_table(stat_vserver_rows, sizeof(struct stat_vserver));
	check_table(stat_service_rows, sizeof(struct stat_service));
	check_table(stat_engine_rows, sizeof(struct stat_engine));
}

static void test_sum(void **state)
{
	static struct stat_vserver blocks[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		stat_add(&blocks[i].clients, 10);
		stat_subtract(&blocks[i].clients, i);
		stat_add(&blocks[i].spilled, i);
		stat_raise(&blocks[i].clients_peak, 7 - i);
		stat_raise(&blocks[i].clients_peak, 1);
	}
	for (const struct stat_row *row = stat_vserver_rows; row->name != NULL; row++) {
		uint64_t sum = stat_sum(blocks, sizeof(blocks[0]), 3, row);

		if (row->offset == offsetof(struct stat_vserver, clients))
			assert_int_equal(sum, 27);
		else if (row->offset == offsetof(struct stat_vserver, spilled))
			assert_int_equal(sum, 3);
		else if (row->is_peak)
			assert_int_equal(
				sum,
				row->offset == offsetof(struct stat_vserver, clients_peak) ? 7 : 0);
		else
			assert_int_equal(sum, 0);
	}
	/* Given on one engine what was taken on another: only the sum means something. */
	stat_subtract(&blocks[0].clients, 20);
	assert_int_equal(stat_sum(blocks, sizeof(blocks[0]), 3, stat_vserver_rows), 7);
}

static void test_end_gauges(void **state)
{
	static struct stat_vserver blocks[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		stat_add(&blocks[i].clients, 10);
		stat_add(&blocks[i].queued, 3);
		stat_add(&blocks[i].spilled, 4);
		stat_raise(&blocks[i].clients_peak, 7);
	}
	stat_end_gauges(blocks, sizeof(blocks[0]), 2, stat_vserver_rows);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(stat_read(&blocks[i].clients), 0);
		assert_int_equal(stat_read(&blocks[i].queued), 0);
		assert_int_equal(stat_read(&blocks[i].spilled), 4);
		assert_int_equal(stat_read(&blocks[i].clients_peak), 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_end_gauges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
