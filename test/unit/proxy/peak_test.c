/* SPDX-License-Identifier: Apache-2.0
 * Promised: what was there for ten milliseconds was seen, and stays the peak.
 */
#include "chain.h"

static void what_came_at_once_is_seen(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });

	(void)unused;
	for (int i = 0; i < 5; i++)
		assert_int_equal(admit(&scene), 0);
	house_until(scene.house, STAT(&scene, 0, clients_peak) == 5);
	leave(&scene, 0, 3);
	assert_int_equal(admit(&scene), 0);
	house_until(scene.house, !timer_is_armed(&slot(&scene, 0)->peak.timer));
	assert_int_equal(STAT(&scene, 0, clients_peak), 5);
	leave(&scene, 0, 3);
	house_free(scene.house);
}

/* Before the timer: the last look is at the leaving of the first. */
static void who_leaves_was_there(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });

	(void)unused;
	for (int i = 0; i < 4; i++)
		assert_int_equal(admit(&scene), 0);
	scene.house->engines[0].loop.now_ms += 10;
	leave(&scene, 0, 4);
	assert_int_equal(STAT(&scene, 0, clients_peak), 4);
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_at_once_is_seen),
		cmocka_unit_test(who_leaves_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
