/* SPDX-License-Identifier: Apache-2.0
 * Promised: control hears when a virtual server begins to spill and why, and when that is over.
 */
#include "chain.h"

/* Control hears of the begin at once, and of the end when there is room, whether or not a client
 * comes to take it. */
static void control_hears_of_spilling(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 9, 9 });

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(admit(&scene), 1);
	house_until(scene.house, scene.house->told[MESSAGE_SPILL] == 1);
	leave(&scene, 0, 1);
	house_until(scene.house, scene.house->told[MESSAGE_SPILL] == 2);
	assert_int_equal(admit(&scene), 0);
	leave(&scene, 0, 1);
	leave(&scene, 1, 2);
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_hears_of_spilling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
