/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client is served by the first in the chain that is up and has room; who was passed
 * over counts why; where the chain ends the action decides; a use that is given back is the next
 * client's.
 */
#include "house.h"

struct scene {
	struct house *house;
	uint32_t ids[3]; /* a chain: each is the backup of the one before */
};

/* Virtual servers with those limits, each with one service that is up. */
static struct scene begin(const int64_t limits[3])
{
	struct scene scene = { .house = house_new(1) };

	for (int i = 0; i < 3; i++) {
		uint32_t service = house_service(scene.house, 9, 0);

		scene.ids[i] = house_vserver(scene.house, limits[i]);
		house_bind(scene.house, scene.ids[i], service);
		if (i > 0)
			scene.house->vservers[scene.ids[i - 1]].backup = scene.ids[i];
	}
	house_enter(scene.house);
	house_publish(scene.house);
	return scene;
}

static struct vserver *slot(const struct scene *scene, int index)
{
	return proxy_vserver(scene->house->proxies[0], scene->ids[index]);
}

#define STAT(scene, index, field) house_vserver_stat((scene)->house, (scene)->ids[index], field)

/* Who serves the next client; -1: it is refused, -2: it is redirected. */
static int admit(const struct scene *scene)
{
	struct vserver *serving = NULL;

	switch (vserver_admit(slot(scene, 0), VSERVER_NO_WAIT, &serving)) {
	case ADMIT_OK:
		for (int i = 0; i < 3; i++)
			if (serving == slot(scene, i))
				return i;
		break;
	case ADMIT_REFUSE:
		return -1;
	case ADMIT_REDIRECT:
		assert_non_null(serving->redirect_url);
		return -2;
	case ADMIT_AGAIN:
		break;
	}
	fail();
	return 0;
}

static void leave(const struct scene *scene, int index, int times)
{
	for (int i = 0; i < times; i++)
		vserver_leave(slot(scene, index));
}

static void the_chain_fills_in_order(void **unused)
{
	static const int order[] = { 0, 0, 1, 2, 2, 2 };
	struct scene scene = begin((int64_t[]){ 2, 1, 3 });

	(void)unused;
	for (int i = 0; i < 6; i++)
		assert_int_equal(admit(&scene), order[i]);
	assert_int_equal(admit(&scene), -1);
	assert_int_equal(STAT(&scene, 0, spilled), 4);
	assert_int_equal(STAT(&scene, 1, spilled), 3);
	assert_int_equal(STAT(&scene, 1, spilled_in), 1);
	assert_int_equal(STAT(&scene, 2, spilled_in), 3);
	assert_int_equal(STAT(&scene, 0, refused), 1);
	leave(&scene, 0, 1);
	assert_int_equal(admit(&scene), 0); /* at once, while the others are full */
	leave(&scene, 0, 2);
	leave(&scene, 1, 1);
	leave(&scene, 2, 3);
	house_free(scene.house);
}

static void who_is_down_is_passed_over(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 1, 1 });

	(void)unused;
	house_send(scene.house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = 0, .number = 0 });
	house_until(scene.house, !vserver_is_up(slot(&scene, 0)));
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(admit(&scene), 2);
	assert_int_equal(STAT(&scene, 0, spilled_down), 2);
	assert_int_equal(STAT(&scene, 0, spilled), 0);
	assert_int_equal(STAT(&scene, 1, spilled), 1);
	assert_int_equal(admit(&scene), -1);
	assert_int_equal(STAT(&scene, 0, refused_down), 1);
	assert_int_equal(STAT(&scene, 0, refused), 0);
	house_send(scene.house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = 0, .number = 1 });
	house_until(scene.house, vserver_is_up(slot(&scene, 0)));
	assert_int_equal(admit(&scene), 0);
	for (int i = 0; i < 3; i++)
		leave(&scene, i, 1);
	house_free(scene.house);
}

static void a_disabled_one_is_down(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 1, 1 });

	(void)unused;
	scene.house->vservers[scene.ids[0]].is_enabled = false;
	scene.house->services[1].is_enabled = false;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 2);
	assert_int_equal(STAT(&scene, 0, spilled_down), 1);
	assert_int_equal(STAT(&scene, 1, spilled_down), 1);
	leave(&scene, 2, 1);
	house_free(scene.house);
}

/* Past the limit: the surplus holds no use, and leaves first. */
static void accept_lets_in_past_the_limit(void **unused)
{
	struct scene scene = begin((int64_t[]){ 2, 1, 1 });
	struct quota_view view;

	(void)unused;
	scene.house->vservers[scene.ids[0]].so_backup_action = SO_BACKUP_ACCEPT;
	scene.house->vservers[scene.ids[0]].backup = MODEL_NONE;
	house_publish(scene.house);
	for (int i = 0; i < 5; i++)
		assert_int_equal(admit(&scene), 0);
	assert_int_equal(STAT(&scene, 0, clients), 5);
	assert_int_equal(STAT(&scene, 0, accepted_over), 3);
	quota_read(scene.house->map, scene.house->vservers[scene.ids[0]].pool, &view);
	assert_int_equal(view.used, 2);
	leave(&scene, 0, 3);
	quota_read(scene.house->map, scene.house->vservers[scene.ids[0]].pool, &view);
	assert_int_equal(view.used, 2);
	leave(&scene, 0, 2);
	house_free(scene.house);
}

/* The last of the chain that has an action decides. */
static void the_end_of_the_chain_decides(void **unused)
{
	struct scene scene = begin((int64_t[]){ 0, 0, 0 });
	struct model_vserver *vservers = scene.house->vservers;

	(void)unused;
	vservers[scene.ids[0]].so_backup_action = SO_BACKUP_REDIRECT;
	vservers[scene.ids[0]].redirect_url = STR("http://elsewhere.example/");
	house_publish(scene.house);
	assert_int_equal(admit(&scene), -2);
	assert_int_equal(STAT(&scene, 0, refused), 1);
	vservers[scene.ids[0]].so_backup_action = SO_BACKUP_DROP;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), -1);
	vservers[scene.ids[0]].so_backup_action = SO_BACKUP_DEFAULT;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), -2);
	vservers[scene.ids[1]].so_backup_action = SO_BACKUP_ACCEPT;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(STAT(&scene, 0, spilled), 1);
	leave(&scene, 1, 1);
	house_free(scene.house);
}

/* Down, no backup, but an address to send clients to. */
static void a_dead_one_redirects(void **unused)
{
	struct scene scene = begin((int64_t[]){ 5, 5, 5 });
	struct model_vserver *web = &scene.house->vservers[scene.ids[0]];

	(void)unused;
	web->backup = MODEL_NONE;
	web->member_count = 0;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), -1);
	web->redirect_url = STR("/sorry");
	house_publish(scene.house);
	assert_int_equal(admit(&scene), -2);
	assert_int_equal(STAT(&scene, 0, refused_down), 2);
	house_free(scene.house);
}

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

/* A limit below the clients that are there cuts none, and admits none until there is room. */
static void a_lower_limit_cuts_nobody(void **unused)
{
	struct scene scene = begin((int64_t[]){ 4, 9, 9 });
	uint32_t pool = scene.house->vservers[scene.ids[0]].pool;

	(void)unused;
	for (int i = 0; i < 4; i++)
		assert_int_equal(admit(&scene), 0);
	quota_set_limit(scene.house->map, pool, 2);
	assert_int_equal(admit(&scene), 1);
	leave(&scene, 0, 2);
	assert_int_equal(admit(&scene), 1);
	leave(&scene, 0, 1);
	assert_int_equal(admit(&scene), 0);
	leave(&scene, 0, 2);
	leave(&scene, 1, 2);
	house_free(scene.house);
}

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

/* Where nobody can leave nobody waits; where somebody can, a moment. */
static void a_limit_of_nothing_is_not_waited_for(void **unused)
{
	struct scene scene = begin((int64_t[]){ 0, 1, 9 });
	struct vserver *serving;

	(void)unused;
	assert_int_equal(vserver_admit(slot(&scene, 0), 0, &serving), ADMIT_OK);
	assert_ptr_equal(serving, slot(&scene, 1));
	assert_int_equal(vserver_admit(slot(&scene, 0), 0, &serving), ADMIT_AGAIN);
	assert_ptr_equal(serving, slot(&scene, 1));
	leave(&scene, 1, 1);
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_fills_in_order),
		cmocka_unit_test(who_is_down_is_passed_over),
		cmocka_unit_test(a_disabled_one_is_down),
		cmocka_unit_test(accept_lets_in_past_the_limit),
		cmocka_unit_test(the_end_of_the_chain_decides),
		cmocka_unit_test(a_dead_one_redirects),
		cmocka_unit_test(control_hears_of_spilling),
		cmocka_unit_test(a_lower_limit_cuts_nobody),
		cmocka_unit_test(a_slot_lives_as_long_as_it_is_held),
		cmocka_unit_test(choices_follow_the_method_and_the_state),
		cmocka_unit_test(a_limit_of_nothing_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
