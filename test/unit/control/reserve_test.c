/* SPDX-License-Identifier: Apache-2.0
 * Promised: a pool has its limit only when every engine knows the pool, at once where nothing can
 * be in flight; it closes only when every engine has left it.
 */
#include "control/reserve.h"

#include "admit/quota_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t limit_of(const struct quota_map *map, const struct reserve *reserve)
{
	struct quota_view view;

	quota_read(map, reserve->pool, &view);
	return view.limit;
}

static void the_limit_waits_for_the_engines(void **unused)
{
	struct quota_map *map = quota_map_new(2, 4);
	struct quota_rule rule = quota_rule_plain(80, 10);
	struct reserve_exit exit = { 0 };
	struct reserve reserve;

	(void)unused;
	reserve_init(&reserve);
	assert_true(reserve_want(&reserve, map, 11, 7, &rule, 3, &exit));
	reserve_apply(&reserve, map, 7, false, 3);
	assert_int_equal(limit_of(map, &reserve), QUOTA_UNLIMITED);
	reserve_apply(&reserve, map, 7, false, 4);
	assert_int_equal(limit_of(map, &reserve), 7);
	reserve_apply(&reserve, map, 9, false, 4);
	assert_int_equal(limit_of(map, &reserve), 9);
	reserve_end(&reserve, map);
	quota_map_free(map);
}

static void a_fresh_one_has_it_at_once(void **unused)
{
	struct quota_map *map = quota_map_new(2, 4);
	struct quota_rule rule = quota_rule_plain(80, 10);
	struct reserve_exit exit = { 0 };
	struct reserve reserve;

	(void)unused;
	reserve_init(&reserve);
	assert_true(reserve_want(&reserve, map, 11, 7, &rule, 0, &exit));
	reserve_apply(&reserve, map, 7, true, 0);
	assert_int_equal(limit_of(map, &reserve), 7);
	reserve_end(&reserve, map);
	quota_map_free(map);
}

static void its_line_is_as_long_as_wanted(void **unused)
{
	struct quota_map *map = quota_map_new(1, 4);
	struct quota_core *core = quota_core_new(map, 0);
	struct quota_rule rule = quota_rule_plain(80, 10);
	struct quota_waiter waiters[2] = { 0 };
	struct reserve_exit exit = { 0 };
	struct reserve reserve;

	(void)unused;
	reserve_init(&reserve);
	assert_true(reserve_line_up(&reserve, map, 1)); /* there is no pool */
	assert_true(reserve_want(&reserve, map, 11, 0, &rule, 0, &exit));
	reserve_apply(&reserve, map, 0, true, 0);
	list_init(&waiters[0].link), list_init(&waiters[1].link);
	assert_int_equal(quota_queue_join(core, reserve.pool, &waiters[0]), QUOTA_CROWDED);
	assert_true(reserve_line_up(&reserve, map, 1));
	assert_int_equal(quota_queue_join(core, reserve.pool, &waiters[0]), QUOTA_JOINED);
	assert_int_equal(quota_queue_join(core, reserve.pool, &waiters[1]), QUOTA_CROWDED);
	assert_true(quota_queue_leave(core, &waiters[0]));
	reserve_end(&reserve, map);
	quota_core_free(core);
	quota_map_free(map);
}

static void it_closes_when_all_have_left(void **unused)
{
	struct quota_map *map = quota_map_new(2, 1);
	struct quota_rule rule = quota_rule_plain(80, 10);
	struct reserve_exit exit = { 0 };
	struct reserve one, other;

	(void)unused;
	reserve_init(&one);
	reserve_init(&other);
	assert_true(reserve_want(&one, map, 12, 7, &rule, 1, &exit));
	assert_false(reserve_want(&other, map, 13, 7, &rule, 1, &exit));
	assert_true(reserve_want(&one, map, 12, PLAN_UNLIMITED, &rule, 5, &exit));
	assert_int_equal(one.pool, QUOTA_NONE);
	reserve_sweep(&exit, map, 5);
	assert_false(reserve_want(&other, map, 13, 7, &rule, 5, &exit));
	reserve_sweep(&exit, map, 6);
	assert_true(reserve_want(&other, map, 13, 7, &rule, 6, &exit));
	reserve_exit_fini(&exit);
	quota_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_waits_for_the_engines),
		cmocka_unit_test(a_fresh_one_has_it_at_once),
		cmocka_unit_test(its_line_is_as_long_as_wanted),
		cmocka_unit_test(it_closes_when_all_have_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
