/* SPDX-License-Identifier: Apache-2.0
 * Promised: what happens to a pool is told in order of time, by whom and how much; takes and gives
 * on the own stash leave no trace; the same again is counted, not listed; a ring forgets the
 * oldest; a pool does not tell what its id did before it was opened; a crash is survived.
 */
#include "admit/quota_trace.h"

#include "admit/quota_core_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CORES = 2, ROOM = 3 * QUOTA_TRACE_ROOM };

static struct quota_map *map;
static struct quota_core *cores[CORES];
static struct quota_trace_entry entries[ROOM];

static int open_map(void **unused)
{
	(void)unused;
	map = quota_map_new(CORES, 2);
	for (unsigned i = 0; i < CORES; i++)
		cores[i] = quota_core_new(map, i);
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

static int take(unsigned core, uint32_t pool, int times)
{
	int granted = 0;

	for (; times > 0; times--) {
		if (quota_take(cores[core], pool) == QUOTA_OK)
			granted++;
		else
			quota_note_spill(cores[core], pool, quota_why(cores[core]));
	}
	quota_turn_end(cores[core]);
	return granted;
}

static size_t read_all(uint32_t pool)
{
	size_t count = quota_trace_read(map, pool, entries);

	for (size_t i = 1; i < count; i++)
		assert_true(entries[i - 1].time_ns <= entries[i].time_ns);
	return count;
}

/* The first of that kind; fails without one. */
static const struct quota_trace_entry *find(size_t count, enum quota_event event)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].event == event)
			return &entries[i];
	fail_msg("no event %d", (int)event);
	return NULL;
}

static void own_uses_leave_no_trace(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10);

	(void)unused;
	for (int turn = 0; turn < 100; turn++) {
		assert_int_equal(take(0, pool, 50), 50);
		for (int i = 0; i < 50; i++)
			quota_give(cores[0], pool);
	}
	assert_int_equal(read_all(pool), 1);
	assert_int_equal(entries[0].event, QUOTA_EVENT_OPENED);
	assert_int_equal(entries[0].units, 1000);
	assert_int_equal(entries[0].writer, CORES);
}

static void slow_ways_are_told(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	size_t count;

	(void)unused;
	assert_int_equal(take(0, pool, 104), 100);
	count = read_all(pool);
	assert_int_equal(find(count, QUOTA_EVENT_BORROWED)->writer, 0);
	assert_true(find(count, QUOTA_EVENT_RECLAIMED)->units +
			    find(count, QUOTA_EVENT_BORROWED)->units >
		    20);
	assert_int_equal(find(count, QUOTA_EVENT_RECLAIMED)->other, 1);
	assert_int_equal(find(count, QUOTA_EVENT_SPILLED)->times, 4);
	assert_int_equal(find(count, QUOTA_EVENT_SPILLED)->other, QUOTA_WHY_FULL);
	quota_set_limit(map, pool, 90);
	count = read_all(pool);
	assert_int_equal(find(count, QUOTA_EVENT_LIMIT)->units, 90);
	assert_int_equal(find(count, QUOTA_EVENT_DEBT)->units, 10);
	for (int i = 0; i < 10; i++)
		quota_give(cores[0], pool);
	assert_int_equal(find(read_all(pool), QUOTA_EVENT_DEBT_ENDED)->writer, 0);
	quota_core_dead(map, 1);
	assert_int_equal(find(read_all(pool), QUOTA_EVENT_ENGINE_DEAD)->other, 1);
}

static void the_newest_stay(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	for (int i = 0; i < 2 * QUOTA_TRACE_ROOM; i++)
		quota_set_limit(map, pool, 101 + i);
	assert_int_equal(read_all(pool), QUOTA_TRACE_ROOM);
	assert_int_equal(entries[QUOTA_TRACE_ROOM - 1].units, 100 + 2 * QUOTA_TRACE_ROOM);
	assert_int_equal(entries[0].units, 101 + QUOTA_TRACE_ROOM);
	assert_true(quota_trace_most(map) <= ROOM);
}

static void each_pool_for_itself(void **unused)
{
	uint32_t one = quota_open(map, 10, 80, 10), two = quota_open(map, 20, 80, 10);

	(void)unused;
	assert_int_equal(take(0, one, 11), 10);
	assert_int_equal(read_all(two), 1);
	assert_int_equal(read_all(QUOTA_NONE), read_all(one) + 1);
	for (int i = 0; i < 10; i++)
		quota_give(cores[0], one);
	quota_close(map, one);
	assert_int_equal(read_all(one), 0);
	quota_close(map, two);
	one = quota_open(map, 30, 80, 10);
	assert_int_equal(read_all(one), 1);
	assert_int_equal(entries[0].units, 30);
}

static void a_crash_is_survived(void **unused)
{
	uint32_t pool = quota_open(map, 10, 80, 10);

	(void)unused;
	quota_set_key(map, pool, 9);
	assert_int_equal(take(1, pool, 11), 10);
	quota_map_revive(map);
	assert_int_equal(quota_claim(map, 9), pool);
	assert_int_equal(find(read_all(pool), QUOTA_EVENT_SPILLED)->writer, 1);
	assert_int_equal(find(read_all(pool), QUOTA_EVENT_REVIVED)->units, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_uses_leave_no_trace, open_map, free_map),
		cmocka_unit_test_setup_teardown(slow_ways_are_told, open_map, free_map),
		cmocka_unit_test_setup_teardown(the_newest_stay, open_map, free_map),
		cmocka_unit_test_setup_teardown(each_pool_for_itself, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_crash_is_survived, open_map, free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
