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
					    cmocka_unit_test(a_new_process_goes_on) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
