/* SPDX-License-Identifier: Apache-2.0
 * Objects are aligned and apart; a slab gives out at most its number, and takes any order back.
 */
#include "base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1000 };

static void test_all_out(void **state)
{
	struct slab slab;
	unsigned char *objects[MOST];

	(void)state;
	slab_init(&slab, 100, MOST);
	assert_int_equal(slab.size, 128);
	for (size_t i = 0; i < MOST; i++) {
		objects[i] = slab_take(&slab);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % 64, 0);
		memset(objects[i], (int)(i % 251), 100);
	}
	assert_null(slab_take(&slab));
	assert_int_equal(slab.used, MOST);
	for (size_t i = 0; i < MOST; i++)
		for (size_t at = 0; at < 100; at++)
			assert_int_equal(objects[i][at], i % 251);
	for (size_t i = 0; i < MOST; i++)
		slab_give(&slab, objects[(i * 7) % MOST]);
	assert_int_equal(slab.used, 0);
	slab_fini(&slab);
}

static void test_warm(void **state)
{
	struct slab slab;
	void *one, *two;

	(void)state;
	slab_init(&slab, 64, 10);
	one = slab_take(&slab);
	two = slab_take(&slab);
	slab_give(&slab, one);
	if (POISON)
		assert_int_equal(((unsigned char *)one)[63], SLAB_POISON);
	assert_ptr_equal(slab_take(&slab), one);
	slab_give(&slab, two);
	slab_give(&slab, one);
	assert_int_equal(slab.made, 10);
	slab_fini(&slab);
}

static void test_large_objects(void **state)
{
	struct slab slab;
	void *objects[3];

	(void)state;
	slab_init(&slab, 1 << 20, 3);
	for (size_t i = 0; i < 3; i++) {
		objects[i] = slab_take(&slab);
		assert_non_null(objects[i]);
		assert_int_equal(slab.made, i + 1); /* no more memory than asked for */
	}
	assert_null(slab_take(&slab));
	for (size_t i = 0; i < 3; i++)
		slab_give(&slab, objects[i]);
	slab_fini(&slab);
}

static void test_none(void **state)
{
	struct slab slab;

	(void)state;
	slab_init(&slab, 64, 0);
	assert_null(slab_take(&slab));
	slab_fini(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_out),
		cmocka_unit_test(test_warm),
		cmocka_unit_test(test_large_objects),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
