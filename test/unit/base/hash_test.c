/* SPDX-License-Identifier: Apache-2.0
 * The map holds what was put and nothing else, in the order of the first put.
 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct str name_of(char *text, size_t room, unsigned number)
{
	return (struct str){ text, (size_t)snprintf(text, room, "Name%u", number) };
}

static void test_put_get_remove(void **state)
{
	struct hash hash;
	int one, two;

	(void)state;
	hash_init(&hash, false);
	assert_null(hash_get(&hash, STR("a")));
	assert_null(hash_remove(&hash, STR("a")));
	assert_null(hash_put(&hash, STR("a"), &one));
	assert_ptr_equal(hash_get(&hash, STR("a")), &one);
	assert_null(hash_get(&hash, STR("A")));
	assert_ptr_equal(hash_put(&hash, STR("a"), &two), &one);
	assert_int_equal(hash.count, 1);
	assert_ptr_equal(hash_remove(&hash, STR("a")), &two);
	assert_null(hash_get(&hash, STR("a")));
	assert_int_equal(hash.count, 0);
	hash_fini(&hash);
}

static void test_case(void **state)
{
	struct hash hash;
	struct str key;
	void *thing;
	size_t at = 0;
	int one, two;

	(void)state;
	hash_init(&hash, true);
	assert_null(hash_put(&hash, STR("Web"), &one));
	assert_ptr_equal(hash_put(&hash, STR("wEB"), &two), &one);
	assert_true(hash_next(&hash, &at, &key, &thing));
	assert_string_equal(key.at, "Web"); /* keeps its spelling */
	assert_ptr_equal(thing, &two);
	assert_false(hash_next(&hash, &at, &key, &thing));
	hash_fini(&hash);
}

/* Against a plain array. */
static void test_many(void **state)
{
	enum { NAMES = 3000, STEPS = 60000 };
	static int things[NAMES];
	bool is_in[NAMES] = { 0 };
	struct hash hash;
	char text[32];
	size_t at = 0, seen = 0, count = 0;
	void *thing;

	(void)state;
	srand(7);
	hash_init(&hash, false);
	for (int step = 0; step < STEPS; step++) {
		unsigned number = (unsigned)rand() % NAMES;
		struct str key = name_of(text, sizeof(text), number);
		void *before = is_in[number] ? &things[number] : NULL;

		assert_ptr_equal(hash_get(&hash, key), before);
		if (rand() % 2) {
			assert_ptr_equal(hash_put(&hash, key, &things[number]), before);
			is_in[number] = true;
		} else {
			assert_ptr_equal(hash_remove(&hash, key), before);
			is_in[number] = false;
		}
	}
	for (size_t i = 0; i < NAMES; i++)
		count += is_in[i];
	assert_int_equal(hash.count, count);
	for (; hash_next(&hash, &at, NULL, &thing); seen++)
		assert_true(is_in[(int *)thing - things]);
	assert_int_equal(seen, count);
	hash_fini(&hash);
}

static void test_order_and_removal_while_walking(void **state)
{
	static int things[500];
	struct hash hash;
	struct str key;
	void *thing;
	char text[32];
	size_t at = 0;
	int next = 0;

	(void)state;
	hash_init(&hash, false);
	for (unsigned i = 0; i < 500; i++)
		assert_null(hash_put(&hash, name_of(text, sizeof(text), i), &things[i]));
	while (hash_next(&hash, &at, &key, &thing)) {
		assert_ptr_equal(thing, &things[next++]);
		assert_ptr_equal(hash_remove(&hash, key), thing);
	}
	assert_int_equal(next, 500);
	assert_int_equal(hash.count, 0);
	hash_fini(&hash);
	assert_null(hash_put(&hash, STR("again"), &things[0]));
	hash_fini(&hash);
}

static void test_bytes(void **state)
{
	(void)state;
	assert_true(hash_bytes("abc", 3) == hash_bytes("abc", 3));
	assert_true(hash_bytes("abc", 3) != hash_bytes("abd", 3));
	assert_true(hash_name("", 0) == 0x2D06800538D394C2u); /* XXH3, without a seed */
	assert_true(hash_name("abc", 3) != hash_name("abd", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_get_remove),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_order_and_removal_while_walking),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
