/* SPDX-License-Identifier: Apache-2.0
 * Promised: no share up to the begin of the ramp, the whole at the limit, linear in between; and so
 * many clients spill in the long run.
 */
#include "proxy/ramp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_share_rises(void **unused)
{
	(void)unused;
	assert_int_equal(ramp_share(50, 0, 100), 0);
	assert_int_equal(ramp_share(50, 50, 100), 0);
	assert_int_equal(ramp_share(50, 75, 100), 32768);
	assert_int_equal(ramp_share(50, 100, 100), 65536);
	assert_int_equal(ramp_share(50, 120, 100), 65536);
	assert_int_equal(ramp_share(99, 1, 1), 65536);
	assert_int_equal(ramp_share(50, 5, QUOTA_UNLIMITED), 0);
	assert_int_equal(ramp_share(50, 3, 0), 65536);
	assert_int_equal(ramp_share(50, 0, 0), 0);
}

static void as_many_as_the_share_says(void **unused)
{
	struct quota_map *map = quota_map_new(1, 2);
	struct quota_core *core = quota_core_new(map, 0);
	struct holding holding = { .pool = quota_open(map, 100, 80, 10) };
	struct ramp ramp = { .percent = 50 };
	uint64_t seed = 0x9E3779B97F4A7C15u;
	unsigned spilled = 0;

	(void)unused;
	for (int i = 0; i < 60; i++)
		assert_int_equal(quota_take(core, holding.pool), QUOTA_OK);
	for (uint64_t now_ms = 1; now_ms <= 10000; now_ms++)
		spilled += ramp_spills(&ramp, map, &holding, now_ms, &seed);
	/* 2000 are expected; the deviation is 40. */
	assert_in_range(spilled, 1760, 2240);
	ramp.percent = 0;
	assert_false(ramp_spills(&ramp, map, &holding, 20000, &seed));
	ramp.percent = 70;
	assert_false(ramp_spills(&ramp, map, &holding, 20001, &seed));
	quota_core_free(core);
	quota_map_free(map);
}

/* Those of this engine count in the millisecond in which they come. */
static void own_uses_are_known_at_once(void **unused)
{
	struct quota_map *map = quota_map_new(1, 2);
	struct quota_core *core = quota_core_new(map, 0);
	struct holding holding = { .pool = quota_open(map, 100, 80, 10) };
	struct ramp ramp = { .percent = 50 };
	uint64_t seed = 0x9E3779B97F4A7C15u;
	unsigned spilled = 0;

	(void)unused;
	assert_false(ramp_spills(&ramp, map, &holding, 7, &seed));
	holding.count = 90; /* taken since */
	for (int i = 0; i < 1000; i++)
		spilled += ramp_spills(&ramp, map, &holding, 7, &seed);
	assert_in_range(spilled, 740, 860);
	quota_core_free(core);
	quota_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_share_rises),
		cmocka_unit_test(as_many_as_the_share_says),
		cmocka_unit_test(own_uses_are_known_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
