/* SPDX-License-Identifier: Apache-2.0
 * Promised: each reason of a virtual server is found and counted under its own name, and what the
 * tests took is given back when another spills.
 */
#include "chain.h"
#include "proxy/verdict.h"

static void a_shadow_serves_and_counts(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 9, 9 });

	(void)unused;
	scene.house->vservers[scene.ids[0]].spill.is_shadow = true;
	house_publish(scene.house);
	for (int i = 0; i < 3; i++)
		assert_int_equal(admit(&scene), 0);
	assert_int_equal(STAT(&scene, 0, shadowed), 2);
	assert_int_equal(STAT(&scene, 0, spilled), 0);
	assert_int_equal(slot(&scene, 0)->clients.excess, 2);
	house_until(scene.house, scene.house->told[MESSAGE_SPILL] == 1);
	leave(&scene, 0, 3);
	house_free(scene.house);
}

/* Of two services with the weights 1 and 3 the heavier one goes down. */
static void bad_health_spills(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct house *house = scene.house;
	uint32_t heavy = house_service(house, 9, 0);

	(void)unused;
	house_bind(house, scene.ids[0], heavy);
	house->members[scene.ids[0]][1].weight = 3;
	house->vservers[scene.ids[0]].spill.health_least = 50;
	house_publish(house);
	assert_int_equal(admit(&scene), 0);
	house_send(house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = heavy, .number = 0 });
	house_until(house, vserver_health(slot(&scene, 0)) == 25);
	assert_int_equal(admit(&scene), 1);
	assert_true(verdict_reason_holds(slot(&scene, 0), REASON_HEALTH));
	house->vservers[scene.ids[0]].spill.health_least = 0;
	house->vservers[scene.ids[0]].spill.up_least = 51;
	house_publish(house);
	house_send(house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = heavy, .number = 0 });
	house_until(house, !vserver_is_up(slot(&scene, 0)));
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(STAT(&scene, 0, asked[REASON_DOWN]), 1);
	leave(&scene, 0, 1);
	leave(&scene, 1, 2);
	house_free(house);
}

static void who_is_held_out_serves_nobody(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });

	(void)unused;
	scene.house->vservers[scene.ids[0]].spill.is_held_out = true;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(STAT(&scene, 0, asked[REASON_HELD_OUT]), 1);
	leave(&scene, 1, 1);
	house_free(scene.house);
}

/* The limit of requests is asked after the clients': who fails there holds nothing of them. */
static void who_is_refused_holds_nothing(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct house *house = scene.house;
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(&scene, 0),
				.peer = &peer,
				.is_request = true,
				.host = slot(&scene, 1),
				.waited_ms = ADMISSION_NO_WAIT };

	(void)unused;
	house->vservers[scene.ids[0]].request_pool = quota_open(house->map, 0, 80, 10);
	house_publish(house);
	assert_int_equal(verdict_ask_of(&in, slot(&scene, 0)), ASK_GUEST);
	assert_int_equal(verdict_ask(&in, slot(&scene, 0)), VERDICT_SPILL);
	assert_int_equal(slot(&scene, 0)->reason, REASON_REQUESTS);
	assert_int_equal(slot(&scene, 0)->clients.count, 0);
	verdict_hold(slot(&scene, 0), ASK_GUEST);
	assert_int_equal(slot(&scene, 0)->clients.count, 1);
	assert_int_equal(slot(&scene, 0)->requests.excess, 1);
	verdict_give(slot(&scene, 0), ASK_GUEST);
	assert_int_equal(slot(&scene, 0)->clients.count, 0);
	house_free(house);
}

/* Half of what may come at once is gone: the rest is for who is known. */
static void a_rate_keeps_a_reserve_for_who_is_known(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct house *house = scene.house;
	struct quota_rate *rate = aligned_alloc(64, quota_rate_size(1));
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(&scene, 0), .peer = &peer };

	(void)unused;
	memset(rate, 0, quota_rate_size(1));
	quota_rate_init(rate, 1, 1, 1000, clock_ms() * 1000);
	house->vservers[scene.ids[0]].bandwidth = rate;
	house->vservers[scene.ids[0]].spill.rate_reserve = 500;
	house_publish(house);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(quota_rate_take(rate, 0, clock_ms() * 1000, 600, 600), 600);
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(STAT(&scene, 0, asked[REASON_EARLY]), 1);
	assert_true(verdict_reason_holds(slot(&scene, 0), REASON_EARLY));
	in.known = slot(&scene, 0);
	assert_int_equal(verdict_ask(&in, slot(&scene, 0)), VERDICT_PASS);
	verdict_give(slot(&scene, 0), ASK_CLIENT);
	house->vservers[scene.ids[0]].spill.rate_reserve = 0;
	house->vservers[scene.ids[0]].spill.rate_reserve_percent = 39;
	house_publish(house);
	assert_false(verdict_reason_holds(slot(&scene, 0), REASON_EARLY));
	assert_int_equal(admit(&scene), 0);
	leave(&scene, 0, 2);
	leave(&scene, 1, 1);
	house_free(house);
	free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shadow_serves_and_counts),
		cmocka_unit_test(bad_health_spills),
		cmocka_unit_test(who_is_held_out_serves_nobody),
		cmocka_unit_test(who_is_refused_holds_nothing),
		cmocka_unit_test(a_rate_keeps_a_reserve_for_who_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
