/* SPDX-License-Identifier: Apache-2.0
 * Promised: a slot lives as long as it is configured or held; the balancing method chooses among
 * the services that are up.
 */
#include "chain.h"

static void a_slot_lives_as_long_as_it_is_held(void **unused)
{
	struct scene scene = begin((int64_t[]){ 4, 9, 9 });
	struct vserver *held = slot(&scene, 2);

	(void)unused;
	vserver_hold(held);
	scene.house->vserver_rows[scene.ids[2]] = NULL;
	scene.house->vservers[scene.ids[1]].backup = MODEL_NONE;
	house_publish(scene.house);
	house_pass(scene.house);
	assert_ptr_equal(slot(&scene, 2), held);
	assert_int_equal(scene.house->told[MESSAGE_VSERVER_GONE], 0);
	vserver_drop(held);
	house_until(scene.house, scene.house->told[MESSAGE_VSERVER_GONE] == 1);
	assert_null(slot(&scene, 2));
	house_free(scene.house);
}

static void choices_follow_the_method_and_the_state(void **unused)
{
	struct house *house = house_new(1);
	uint32_t id = house_vserver(house, 10);
	int seen[3] = { 0 };

	(void)unused;
	for (int i = 0; i < 3; i++)
		house_bind(house, id, house_service(house, 9, 0));
	house->services[1].is_up = false;
	house_enter(house);
	house_publish(house);
	for (int i = 0; i < 10; i++) {
		uint64_t tried = 0;
		struct vserver *vserver = proxy_vserver(house->proxies[0], id);
		struct service *first = vserver_choose(vserver, 0, &tried);
		struct service *second = vserver_choose(vserver, 0, &tried);

		assert_non_null(first);
		assert_non_null(second);
		assert_ptr_not_equal(first, second);
		assert_null(vserver_choose(vserver, 0, &tried));
		seen[first->id]++;
	}
	assert_int_equal(seen[1], 0);
	assert_true(seen[0] > 0 || seen[2] > 0);
	house_free(house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_lives_as_long_as_it_is_held),
		cmocka_unit_test(choices_follow_the_method_and_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
