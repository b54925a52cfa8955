/* SPDX-License-Identifier: Apache-2.0
 * An episode of spillover begins with the first engine that spills and ends with the last.
 */
#include "control/spill.h"

#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void one_episode_over_all_engines(void **state)
{
	struct quota_map *map = quota_map_new(2, 4);
	struct stat_vserver stats[2] = { 0 };
	struct runtime runtime = { .map = map, .engine_count = 2 };
	struct runtime_spilling so_far = { 0 };
	struct runtime_vserver vserver = { .entry.name = (char[]){ "web" },
					   .stats = stats,
					   .spilling_so_far = &so_far };
	const struct spill_words words = { "spare", NULL };

	(void)state;
	reserve_init(&vserver.requests);
	vserver.entry.pool = quota_open(map, 10, 80, 10);
	assert_false(spill_is_on(&vserver));
	spill_tell(&runtime, &vserver, 1, REASON_CLIENTS, words);
	spill_tell(&runtime, &vserver, 0, REASON_CLIENTS, words);
	assert_true(spill_is_on(&vserver));
	assert_int_equal(so_far.episodes, 1);
	assert_int_equal(vserver.spill_reason, REASON_CLIENTS);
	spill_tell(&runtime, &vserver, 1, REASON_NONE, words);
	assert_true(spill_is_on(&vserver));
	spill_tell(&runtime, &vserver, 0, REASON_NONE, words);
	assert_false(spill_is_on(&vserver));
	spill_tell(&runtime, &vserver, 0, REASON_NONE, words); /* said twice: no matter */
	spill_tell(&runtime, &vserver, 0, REASON_CLIENTS, words);
	assert_int_equal(so_far.episodes, 2);
	quota_map_free(map);
}

/* Full, then enough is free but not for long enough, then it is over. */
static void the_phases_of_an_episode(void **state)
{
	struct quota_map *map = quota_map_new(1, 4);
	struct quota_core *core = quota_core_new(map, 0);
	struct quota_rule rule = quota_rule_plain(80, 10);
	struct stat_vserver stats = { 0 };
	struct runtime runtime = { .map = map, .engine_count = 1 };
	struct runtime_spilling so_far = { 0 };
	struct runtime_vserver vserver = { .entry.name = (char[]){ "web" },
					   .stats = &stats,
					   .spilling_so_far = &so_far };
	const struct spill_words words = { "spare", NULL };

	(void)state;
	reserve_init(&vserver.requests);
	reserve_init(&vserver.sessions);
	rule.return_free.number = 2;
	rule.hold_ms = 1000000;
	vserver.entry.pool = quota_open(map, 4, 80, 10);
	quota_set_rule(map, vserver.entry.pool, &rule);
	spill_revive(&vserver);
	assert_string_equal(spill_phase(&runtime, &vserver).name, "NORMAL");
	while (quota_take(core, vserver.entry.pool) == QUOTA_OK)
		continue;
	spill_tell(&runtime, &vserver, 0, REASON_CLIENTS, words);
	assert_string_equal(spill_phase(&runtime, &vserver).name, "SPILLING");
	quota_give(core, vserver.entry.pool);
	assert_string_equal(spill_phase(&runtime, &vserver).name, "SPILLING");
	quota_give(core, vserver.entry.pool);
	assert_string_equal(spill_phase(&runtime, &vserver).name, "RETURNING");
	assert_true(spill_phase(&runtime, &vserver).lasts_ms < 1000000);
	spill_tell(&runtime, &vserver, 0, REASON_NONE, words);
	assert_string_equal(spill_phase(&runtime, &vserver).name, "NORMAL");
	quota_core_free(core);
	quota_map_free(map);
}

static void a_new_process_goes_on(void **state)
{
	struct runtime_spilling so_far = { 3, 1000, clock_wall_ms() - 500 };
	struct runtime_vserver vserver = { .spilling_so_far = &so_far };

	(void)state;
	spill_revive(&vserver);
	assert_int_equal(so_far.episodes, 3);
	assert_true(spill_time_ms(&vserver) >= 1500);
	assert_int_equal(so_far.since_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_episode_over_all_engines),
					    cmocka_unit_test(the_phases_of_an_episode),
					    cmocka_unit_test(a_new_process_goes_on) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
