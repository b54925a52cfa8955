/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tube.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_idle_ones_are_used_again(void **state)
{
	struct tube *tubes[TUBES_IDLE_MAX + 2];
	struct tube_pool pool;

	(void)state;
	tube_pool_init(&pool);
	for (int i = 0; i < TUBES_IDLE_MAX + 2; i++) {
		tubes[i] = tube_take(&pool);
		assert_non_null(tubes[i]);
		assert_int_equal(tubes[i]->bytes, 0);
	}
	for (int i = 0; i < TUBES_IDLE_MAX + 2; i++)
		tube_give(&pool, tubes[i]);
	tube_give(&pool, NULL);
	assert_int_equal(pool.idle_count, TUBES_IDLE_MAX);
	assert_ptr_equal(tube_take(&pool), tubes[TUBES_IDLE_MAX - 1]);
	tube_give(&pool, tubes[TUBES_IDLE_MAX - 1]);
	tube_pool_fini(&pool);
}

static void test_bytes_of_somebody_else(void **state)
{
	struct tube_pool pool;
	struct tube *tube;
	char byte;

	(void)state;
	tube_pool_init(&pool);
	tube = tube_take(&pool);
	assert_int_equal(write(tube->pipe.in, "x", 1), 1);
	tube->bytes = 1;
	tube_give(&pool, tube);
	assert_int_equal(pool.idle_count, 0);
	tube = tube_take(&pool);
	assert_int_equal(tube->bytes, 0);
	assert_int_equal(read(tube->pipe.out, &byte, 1), -1);
	tube_give(&pool, tube);
	tube_pool_fini(&pool);
}

static void test_bounded(void **state)
{
	static struct tube *tubes[TUBES_MAX];
	struct tube_pool pool;

	(void)state;
	tube_pool_init(&pool);
	for (int i = 0; i < TUBES_MAX; i++)
		tubes[i] = tube_take(&pool);
	if (tubes[TUBES_MAX - 1] != NULL) /* enough descriptors for all */
		assert_null(tube_take(&pool));
	for (int i = 0; i < TUBES_MAX; i++)
		tube_give(&pool, tubes[i]);
	tube_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_ones_are_used_again),
		cmocka_unit_test(test_bytes_of_somebody_else),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests_name("engine/tube", tests, NULL, NULL);
}
