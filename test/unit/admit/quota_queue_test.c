/* SPDX-License-Identifier: Apache-2.0
 * Promised: who waits for a use of a full pool gets it in the order of joining, whatever engine it
 * is on; nobody passes by; a use goes to the debt first; who gives up leaves nothing; a raised
 * limit serves exactly as many as there are new uses; the depth holds.
 */
#include "admit/quota_queue.h"

#include "admit/quota_core_priv.h"

#include "../../race/quota_mode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CORES = 4, WAITERS = 200 };

static struct quota_map *map;
static struct quota_core *cores[CORES];
static struct quota_waiter waiters[WAITERS];
static unsigned rings[CORES];

static void on_ring(void *context, unsigned core)
{
	((unsigned *)context)[core]++;
}

static int open_map(void **unused)
{
	(void)unused;
	map = quota_map_new(CORES, 3);
	memset(rings, 0, sizeof(rings));
	quota_queue_set_bell(map, on_ring, rings);
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
	for (unsigned i = 0; i < WAITERS; i++)
		list_init(&waiters[i].link);
	return map == NULL;
}

static int free_map(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < CORES; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
	return 0;
}

/* A pool with all its uses taken by engine 0. */
static uint32_t full_pool(int64_t limit, uint32_t depth)
{
	uint32_t pool = quota_open(map, limit, 80, 10);

	assert_true(quota_queue_set(map, pool, depth));
	for (int64_t i = 0; i < limit; i++)
		assert_int_equal(quota_take(cores[0], pool), QUOTA_OK);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	return pool;
}

static enum quota_join join(unsigned core, uint32_t pool, unsigned waiter)
{
	return quota_queue_join(cores[core], pool, &waiters[waiter]);
}

static void give(unsigned core, uint32_t pool)
{
	quota_give(cores[core], pool);
	quota_turn_end(cores[core]);
}

static int64_t used(uint32_t pool)
{
	struct quota_view view;

	quota_read(map, pool, &view);
	return view.used;
}

static void a_freed_use_goes_to_the_oldest(void **unused)
{
	uint32_t pool = full_pool(10, 8);

	(void)unused;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(join(i % CORES, pool, i), QUOTA_JOINED);
	assert_int_equal(quota_queue_waiting(map, pool), 8);
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned core = 0; core < CORES; core++)
			assert_null(quota_queue_next(cores[core]));
		give(0, pool);
		assert_int_equal(rings[i % CORES], i / CORES + 1);
		assert_ptr_equal(quota_queue_next(cores[i % CORES]), &waiters[i]);
		assert_int_equal(used(pool), 10);
	}
	assert_int_equal(quota_queue_waiting(map, pool), 0);
}

/* What was closed in the turn in which the pool got its queue is free for who asks next, or for who
 * waits already. */
static void a_pocket_is_no_reason_to_wait(void **unused)
{
	uint32_t pool = full_pool(64 * (int64_t)CORES, 0);

	(void)unused;
	quota_give(cores[0], pool);
	assert_true(quota_queue_set(map, pool, 8));
	assert_int_equal(quota_take(cores[0], pool), QUOTA_OK);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	assert_int_equal(used(pool), 64 * CORES);

	assert_true(quota_queue_set(map, pool, 0));
	quota_give(cores[0], pool);
	assert_true(quota_queue_set(map, pool, 8));
	assert_int_equal(join(1, pool, 0), QUOTA_JOINED);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	assert_int_equal(used(pool), 64 * CORES);
}

static void nobody_passes_those_who_wait(void **unused)
{
	uint32_t pool = full_pool(1, 8);

	(void)unused;
	assert_int_equal(join(1, pool, 0), QUOTA_JOINED);
	assert_int_equal(join(2, pool, 1), QUOTA_JOINED);
	give(0, pool);
	/* The use is the waiter's, though it has not looked yet. */
	for (unsigned core = 0; core < CORES; core++)
		assert_int_equal(quota_take(cores[core], pool), QUOTA_FULL);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	assert_null(quota_queue_next(cores[2]));
}

static void who_finds_room_is_served_at_once(void **unused)
{
	uint32_t pool = full_pool(20, 8);

	(void)unused;
	give(0, pool);
	assert_int_equal(join(3, pool, 0), QUOTA_SERVED);
	assert_false(list_is_in(&waiters[0].link));
	assert_int_equal(quota_queue_waiting(map, pool), 0);
	assert_int_equal(used(pool), 20);
	assert_int_equal(join(3, pool, 0), QUOTA_JOINED);
}

static void depth_holds(void **unused)
{
	uint32_t pool = full_pool(2, 3);

	(void)unused;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(join(i, pool, i), QUOTA_JOINED);
	assert_int_equal(join(3, pool, 3), QUOTA_CROWDED);
	assert_true(quota_queue_set(map, pool, 4));
	assert_int_equal(join(3, pool, 3), QUOTA_JOINED);
	assert_true(quota_queue_set(map, pool, 1));
	assert_int_equal(join(0, pool, 4), QUOTA_CROWDED);
	assert_true(quota_queue_leave(cores[0], &waiters[0]));
	assert_int_equal(join(0, pool, 4), QUOTA_CROWDED); /* three wait still */
}

static void without_a_depth_there_is_no_queue(void **unused)
{
	uint32_t pool = quota_open(map, 0, 80, 10);

	(void)unused;
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	assert_int_equal(join(0, pool, 0), QUOTA_CROWDED);
	assert_true(quota_queue_set(map, pool, 0));
	assert_int_equal(join(0, pool, 0), QUOTA_CROWDED);
}

static void who_gives_up_leaves_nothing(void **unused)
{
	uint32_t pool = full_pool(1, 8);

	(void)unused;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(join(i % CORES, pool, i), QUOTA_JOINED);
	/* The first, one in the middle, and the last. */
	assert_true(quota_queue_leave(cores[0], &waiters[0]));
	assert_true(quota_queue_leave(cores[2], &waiters[2]));
	assert_true(quota_queue_leave(cores[0], &waiters[4]));
	assert_int_equal(quota_queue_waiting(map, pool), 2);
	give(0, pool);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[1]);
	give(1, pool);
	assert_ptr_equal(quota_queue_next(cores[3]), &waiters[3]);
	give(3, pool);
	/* Nobody waits: the use is free for anybody. */
	assert_int_equal(quota_take(cores[2], pool), QUOTA_OK);
	give(2, pool);
	quota_close(map, pool);
	assert_true(quota_queue_is_idle(map, pool));
}

static void many_who_give_up_do_not_fill_the_line(void **unused)
{
	uint32_t pool = full_pool(1, 8);

	(void)unused;
	for (unsigned i = 0; i < 3 * 2 * QUOTA_QUEUE_DEPTH_MAX; i++) {
		assert_int_equal(join(i % CORES, pool, i % 8), QUOTA_JOINED);
		assert_true(quota_queue_leave(cores[i % CORES], &waiters[i % 8]));
	}
	assert_int_equal(join(2, pool, 0), QUOTA_JOINED);
	give(0, pool);
	assert_ptr_equal(quota_queue_next(cores[2]), &waiters[0]);
}

/* Behind one that waits for long, places of those who gave up stay until it goes: the line is full
 * then, and says so; nothing is overwritten. */
static void a_line_of_places_given_up_is_full(void **unused)
{
	uint32_t pool = full_pool(1, 8);
	unsigned joined = 0;

	(void)unused;
	assert_int_equal(join(3, pool, 0), QUOTA_JOINED);
	while (join(1, pool, 1) == QUOTA_JOINED) {
		assert_true(quota_queue_leave(cores[1], &waiters[1]));
		joined++;
	}
	assert_true(joined > QUOTA_QUEUE_DEPTH_MAX);
	give(0, pool);
	assert_ptr_equal(quota_queue_next(cores[3]), &waiters[0]);
	assert_int_equal(join(1, pool, 1), QUOTA_JOINED);
}

static void too_late_to_give_up(void **unused)
{
	uint32_t pool = full_pool(1, 8);

	(void)unused;
	assert_int_equal(join(1, pool, 0), QUOTA_JOINED);
	give(0, pool);
	assert_false(quota_queue_leave(cores[1], &waiters[0]));
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	assert_int_equal(used(pool), 1);
}

static void a_higher_limit_serves_as_many_as_it_adds(void **unused)
{
	uint32_t pool = full_pool(3, 20);
	unsigned served = 0;

	(void)unused;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(join(i % CORES, pool, i), QUOTA_JOINED);
	quota_set_limit(map, pool, 10);
	for (unsigned core = 0; core < CORES; core++)
		while (quota_queue_next(cores[core]) != NULL)
			served++;
	assert_int_equal(served, 7);
	assert_int_equal(quota_queue_waiting(map, pool), 13);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(list_is_in(&waiters[i].link), i >= 7);
	quota_set_limit(map, pool, 1000);
	for (unsigned core = 0; core < CORES; core++)
		while (quota_queue_next(cores[core]) != NULL)
			served++;
	assert_int_equal(served, 20);
	assert_int_equal(used(pool), 23);
	assert_int_equal(quota_take(cores[1], pool), QUOTA_OK);
}

static void debt_comes_before_who_waits(void **unused)
{
	uint32_t pool = full_pool(5, 8);

	(void)unused;
	assert_int_equal(join(1, pool, 0), QUOTA_JOINED);
	quota_set_limit(map, pool, 3);
	give(0, pool);
	give(0, pool);
	assert_null(quota_queue_next(cores[1]));
	give(0, pool);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	assert_int_equal(used(pool), 3);
}

/* A big pool settles by turns; with a queue what is given back is the waiter's at once. */
static void nothing_waits_in_a_pocket(void **unused)
{
	uint32_t pool = full_pool(64 * CORES, 8);

	(void)unused;
	assert_int_equal(join(1, pool, 0), QUOTA_JOINED);
	quota_give(cores[0], pool);
	assert_int_equal(quota_take(cores[0], pool), QUOTA_FULL);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
}

static void uses_of_a_dead_engine_serve_who_waits(void **unused)
{
	uint32_t pool = full_pool(2, 8);

	(void)unused;
	assert_int_equal(join(0, pool, 0), QUOTA_JOINED);
	assert_int_equal(join(1, pool, 1), QUOTA_JOINED);
	assert_int_equal(join(0, pool, 2), QUOTA_JOINED);
	assert_int_equal(join(2, pool, 3), QUOTA_JOINED);
	quota_core_dead(map, 0);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[1]);
	assert_ptr_equal(quota_queue_next(cores[2]), &waiters[3]);
	assert_int_equal(quota_queue_waiting(map, pool), 0);
	assert_int_equal(used(pool), 2);
}

static void the_plain_scheme_has_no_queue(void **unused)
{
	uint32_t pool = quota_open(map, 0, 80, 10);

	(void)unused;
	set_mode(map, pool, QUOTA_MODE_PATENT);
	assert_true(quota_queue_set(map, pool, 8));
	assert_int_equal(join(0, pool, 0), QUOTA_CROWDED);
}

static void one_engine_waits_at_two_pools(void **unused)
{
	uint32_t first = full_pool(1, 8), second = full_pool(1, 8);

	(void)unused;
	assert_int_equal(join(1, first, 0), QUOTA_JOINED);
	assert_int_equal(join(1, second, 1), QUOTA_JOINED);
	give(0, second);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[1]);
	assert_null(quota_queue_next(cores[1]));
	give(0, first);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
}

#define with_map(test) cmocka_unit_test_setup_teardown(test, open_map, free_map)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_map(a_freed_use_goes_to_the_oldest),
		with_map(a_pocket_is_no_reason_to_wait),
		with_map(nobody_passes_those_who_wait),
		with_map(who_finds_room_is_served_at_once),
		with_map(depth_holds),
		with_map(without_a_depth_there_is_no_queue),
		with_map(who_gives_up_leaves_nothing),
		with_map(many_who_give_up_do_not_fill_the_line),
		with_map(a_line_of_places_given_up_is_full),
		with_map(too_late_to_give_up),
		with_map(a_higher_limit_serves_as_many_as_it_adds),
		with_map(debt_comes_before_who_waits),
		with_map(nothing_waits_in_a_pocket),
		with_map(uses_of_a_dead_engine_serve_who_waits),
		with_map(the_plain_scheme_has_no_queue),
		with_map(one_engine_waits_at_two_pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
