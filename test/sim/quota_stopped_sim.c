/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: an engine that is stopped, wherever it is, keeps nobody else from admitting every unit
 * that is free. When it stands idle or sealed, the others also conclude that the pool is full. When
 * it is moving uses at this moment, what it has in its hands cannot be known: the others are told
 * QUOTA_AGAIN, and it is exact again after it went on. Saying "full" writes nothing.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ENGINES = 3, STOPPED = 0, LIMIT = 30 };

static struct quota_map *map;
static struct quota_core *cores[ENGINES];
static int64_t held[ENGINES];
static uint32_t pool;

static int open_pool(void **state)
{
	(void)state;
	map = quota_map_new(ENGINES, 1);
	pool = quota_open(map, LIMIT, 80, 10);
	for (unsigned i = 0; i < ENGINES; i++) {
		cores[i] = quota_core_new(map, i);
		held[i] = 0;
	}
	return 0;
}

static int close_pool(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENGINES; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return 0;
}

static enum quota_result take(unsigned engine)
{
	enum quota_result result = quota_take(cores[engine], pool);

	held[engine] += result == QUOTA_OK;
	return result;
}

static void take_on_stage(void *engine)
{
	take(*(const unsigned *)engine);
}

static void give_on_stage(void *argument)
{
	unsigned engine = *(const unsigned *)argument;

	held[engine]--;
	quota_give(cores[engine], pool);
}

static int64_t all_held(void)
{
	return held[0] + held[1] + held[2];
}

/* The others take until they are refused: what the last answer was, the same for both. */
static enum quota_result take_all(void)
{
	enum quota_result last, first;

	do
		first = take(1);
	while (first == QUOTA_OK);
	do
		last = take(2);
	while (last == QUOTA_OK);
	assert_int_equal(take(1), last);
	return last;
}

static uint64_t stash(unsigned engine)
{
	return quota_load(quota_stash_at(map, engine, pool));
}

static void others_go_on_while_one_is_idle(void **state)
{
	(void)state;
	assert_int_equal(take(STOPPED), QUOTA_OK);
	assert_true(stash(STOPPED) & QUOTA_OPEN && quota_idle(stash(STOPPED)) > 0);
	assert_int_equal(take_all(), QUOTA_FULL);
	assert_int_equal(all_held(), LIMIT);
}

static void others_go_on_while_one_is_sealed(void **state)
{
	(void)state;
	assert_int_equal(take(STOPPED), QUOTA_OK);
	assert_int_equal(take_all(), QUOTA_FULL);
	assert_false(stash(STOPPED) & QUOTA_OPEN);
	for (unsigned round = 0; round < 3; round++) {
		held[1] -= 2;
		quota_give(cores[1], pool);
		quota_give(cores[1], pool);
		assert_int_equal(take_all(), QUOTA_FULL);
		assert_int_equal(all_held(), LIMIT);
	}
}

/* All units that are not taken yet are with the one that is stopped. */
static void check_rest_is_in_its_hands(void)
{
	assert_true(all_held() <= LIMIT);
	assert_true(quota_available(quota_pool_load(quota_pool_at(map, pool))) <= 0);
	assert_int_equal(quota_idle(stash(1)), 0);
	assert_int_equal(quota_idle(stash(2)), 0);
}

/* Stops a call at each operation where its stash is BUSY; the others get all that it does not have
 * in its hands, and when it went on, all. */
static void check_busy_at(void (*act)(void *), unsigned setup_takes, unsigned *seen)
{
	static const unsigned engine = STOPPED;

	for (unsigned at = 1; at < 100; at++) {
		enum quota_result answer;
		bool is_over;

		open_pool(NULL);
		for (unsigned i = 0; i < setup_takes; i++)
			assert_int_equal(take(STOPPED), QUOTA_OK);
		stage_call(STOPPED, act, (void *)(uintptr_t)&engine);
		is_over = stage_go(STOPPED, at);
		if (!is_over && stash(STOPPED) & QUOTA_BUSY) {
			++*seen;
			answer = take_all();
			assert_int_equal(answer, QUOTA_AGAIN);
			check_rest_is_in_its_hands();
			stage_finish(STOPPED);
			assert_int_equal(take_all(), QUOTA_FULL);
			assert_int_equal(all_held(), LIMIT);
		}
		close_pool(NULL);
		if (is_over)
			return;
	}
}

static void others_are_undecided_while_one_is_busy(void **state)
{
	unsigned taking = 0, giving = 0;

	(void)state;
	/* Its share is 8 and S has 6: the 9th take draws, the 15th robs. */
	check_busy_at(take_on_stage, 8, &taking);
	check_busy_at(take_on_stage, 14, &taking);
	/* What it gives back above its cap goes to S. */
	for (unsigned takes = 9; takes <= LIMIT; takes++)
		check_busy_at(give_on_stage, takes, &giving);
	assert_true(taking >= 4);
	print_message("# stopped while taking: %u, while giving: %u\n", taking, giving);
}

/* With nothing free and nobody open, S is looked at and nothing is written. */
static void full_is_said_without_a_write(void **state)
{
	static const unsigned engine = 1;
	const struct quota_pool *words = quota_pool_at(map, pool);

	(void)state;
	assert_int_equal(take_all(), QUOTA_FULL);
	assert_int_equal(quota_open_count(quota_pool_load(words)), 0);
	stage_watch(&words->s);
	stage_call(1, take_on_stage, (void *)(uintptr_t)&engine);
	stage_finish(1);
	stage_watch(NULL);
	assert_int_equal(all_held(), LIMIT);
	print_message("# full: %u loads of S, %u writes of it, %u operations in all\n",
		      stage_loads_seen(1), stage_writes_seen(1), stage_steps(1));
	assert_int_equal(stage_writes_seen(1), 0);
	assert_int_equal(stage_loads_seen(1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(others_go_on_while_one_is_idle, open_pool,
						close_pool),
		cmocka_unit_test_setup_teardown(others_go_on_while_one_is_sealed, open_pool,
						close_pool),
		cmocka_unit_test(others_are_undecided_while_one_is_busy),
		cmocka_unit_test_setup_teardown(full_is_said_without_a_write, open_pool,
						close_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
