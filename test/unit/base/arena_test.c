/* SPDX-License-Identifier: Apache-2.0
 * What is taken is zeroed, aligned, apart from everything else, and gone with the arena.
 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_take(void **state)
{
	struct arena *arena = arena_new();
	unsigned char *parts[200];
	size_t sizes[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		size_t align = (size_t)1 << i % 13;

		sizes[i] = i * i % 5000;
		parts[i] = arena_take(arena, sizes[i], align);
		assert_int_equal((uintptr_t)parts[i] % align, 0);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(parts[i][at], 0);
		memset(parts[i], (int)i, sizes[i]);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(parts[i][at], (unsigned char)i);
	arena_free(arena);
	arena_free(NULL);
}

static void test_large(void **state)
{
	struct arena *arena = arena_new();
	char *small = arena_take(arena, 10, 1);
	char *large = arena_take(arena, 10 << 20, 4096);
	char *next = arena_take(arena, 10, 1);

	(void)state;
	memset(large, 1, 10 << 20);
	assert_ptr_equal(next, small + 10); /* the large one left the small one's block in use */
	arena_free(arena);
}

static void test_text(void **state)
{
	struct arena *arena = arena_new();
	struct str copy = arena_copy(arena, (struct str){ "abcdef", 3 });
	struct str empty = arena_copy(arena, (struct str){ NULL, 0 });
	struct str said = arena_print(arena, "%s-%d", "web", 17);
	uint64_t *numbers = arena_many(arena, uint64_t, 3);

	(void)state;
	assert_string_equal(copy.at, "abc");
	assert_int_equal(copy.length, 3);
	assert_string_equal(empty.at, "");
	assert_true(str_equal(said, STR("web-17")));
	assert_int_equal(said.at[said.length], 0);
	assert_int_equal(numbers[0] + numbers[1] + numbers[2], 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
