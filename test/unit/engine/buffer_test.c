/* SPDX-License-Identifier: Apache-2.0
 * Data survives every move between sizes; the bound holds; a refusal changes nothing.
 */
#include "engine/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void fill(struct buffer *buffer, size_t length, unsigned seed)
{
	must(buffer_tail_room(buffer) >= length);
	for (size_t i = 0; i < length; i++)
		buffer->bytes[buffer->end++] = (char)(seed + i * 7);
}

static void expect(struct buffer *buffer, size_t length, unsigned seed)
{
	assert_int_equal(buffer_length(buffer), length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(buffer_data(buffer)[i], (char)(seed + i * 7));
}

static void test_classes(void **state)
{
	static const struct {
		size_t asked, room;
	} rows[] = { { 0, 512 },       { 1, 512 },       { 512, 512 },
		     { 513, 4096 },    { 4096, 4096 },   { 4097, 16384 },
		     { 16384, 16384 }, { 16385, 65536 }, { 65536, 65536 } };
	struct buffer_pool pool;

	(void)state;
	buffer_pool_init(&pool, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer *buffer = buffer_take(&pool, rows[i].asked);

		assert_non_null(buffer);
		assert_int_equal(buffer->room, rows[i].room);
		assert_int_equal(buffer_length(buffer), 0);
		if (POISON)
			assert_int_equal(buffer->bytes[rows[i].room - 1], 0x5A);
		buffer_give(&pool, buffer);
	}
	assert_int_equal(pool.bytes_out, 0);
	buffer_give(&pool, NULL);
	buffer_pool_fini(&pool);
}

static void test_shrink(void **state)
{
	struct buffer_pool pool;
	struct buffer *buffer = NULL;

	(void)state;
	buffer_pool_init(&pool, 1 << 20);
	buffer_shrink(&pool, &buffer);
	assert_null(buffer);
	buffer = buffer_take(&pool, 65536);
	fill(buffer, 60000, 0);
	buffer_shrink(&pool, &buffer);
	assert_int_equal(buffer->room, 65536);
	buffer->start += 56000;
	buffer_shrink(&pool, &buffer);
	assert_int_equal(buffer->room, 4096);
	expect(buffer, 4000, 56000u * 7);
	buffer->start += 3999;
	buffer_shrink(&pool, &buffer);
	assert_int_equal(buffer->room, 512);
	expect(buffer, 1, 59999u * 7);
	buffer->start++;
	buffer_shrink(&pool, &buffer);
	assert_null(buffer);
	assert_int_equal(pool.bytes_out, 0);
	buffer_pool_fini(&pool);
}

static void test_reserve(void **state)
{
	struct buffer_pool pool;
	struct buffer *buffer = NULL, *before;

	(void)state;
	buffer_pool_init(&pool, 1 << 20);
	assert_true(buffer_reserve(&pool, &buffer, 100));
	assert_int_equal(buffer->room, 512);
	fill(buffer, 500, 3);
	before = buffer;
	assert_true(buffer_reserve(&pool, &buffer, 12));
	assert_ptr_equal(buffer, before);
	buffer->start += 100;
	assert_true(buffer_reserve(&pool, &buffer, 112)); /* fits once it is at the front */
	assert_ptr_equal(buffer, before);
	expect(buffer, 400, 3 + 700);
	assert_true(buffer_reserve(&pool, &buffer, 113));
	assert_int_equal(buffer->room, 4096);
	expect(buffer, 400, 3 + 700);
	assert_false(buffer_reserve(&pool, &buffer, 65536));
	assert_false(buffer_reserve(&pool, &buffer, SIZE_MAX));
	expect(buffer, 400, 3 + 700);
	assert_true(buffer_reserve(&pool, &buffer, 65136));
	assert_int_equal(buffer->room, 65536);
	buffer_give(&pool, buffer);
	buffer = NULL;
	assert_false(buffer_reserve(&pool, &buffer, 65537));
	assert_null(buffer);
	buffer_pool_fini(&pool);
}

static void test_bound(void **state)
{
	enum { MOST = 256 };
	struct buffer_pool pool;
	struct buffer *buffers[MOST], *small;
	size_t count = 0;

	(void)state;
	buffer_pool_init(&pool, 1 << 20);
	while (count < MOST && (buffers[count] = buffer_take(&pool, 65536)) != NULL)
		count++;
	assert_int_equal(count, 15); /* a buffer is a little more than its room */
	assert_true(pool.bytes_out <= 1 << 20);
	small = buffer_take(&pool, 512);
	assert_non_null(small);
	fill(small, 512, 9);
	assert_false(buffer_reserve(&pool, &small, 65000));
	expect(small, 512, 9);
	buffer_give(&pool, buffers[--count]);
	assert_true(buffer_reserve(&pool, &small, 65000 - 512));
	expect(small, 512, 9);
	buffer_give(&pool, small);
	while (count > 0)
		buffer_give(&pool, buffers[--count]);
	assert_int_equal(pool.bytes_out, 0);
	buffer_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
