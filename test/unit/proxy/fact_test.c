/* SPDX-License-Identifier: Apache-2.0
 * Promised: own clients count at once, those of other engines with the next millisecond; states
 * are those that this engine goes by.
 */
#include "proxy/fact.h"

#include "chain.h"
#include "policy/datum.h"

static int64_t ask(const struct scene *scene, enum situation_fact fact)
{
	int64_t number = -1;

	/* As if a millisecond had passed. */
	slot(scene, 0)->fact.looked_ms = 0;
	assert_true(fact_read(scene->house->proxies[0], scene->ids[0], fact, &number));
	return number;
}

static void facts(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct stat_live live = { 0 };
	int64_t number;

	(void)unused;
	stat_set(&live.throughput, 11);
	stat_set(&live.response_us, 22);
	stat_set(&live.surge, 33);
	slot(&scene, 0)->fact.live = &live;
	assert_int_equal(ask(&scene, SITUATION_CONNECTIONS), 0);
	assert_int_equal(admit(&scene), 0);
	assert_true(
		fact_read(scene.house->proxies[0], scene.ids[0], SITUATION_CONNECTIONS, &number));
	assert_int_equal(number, 1);
	assert_int_equal(ask(&scene, SITUATION_THROUGHPUT), 11);
	assert_int_equal(ask(&scene, SITUATION_RESPONSE_TIME), 22);
	assert_int_equal(ask(&scene, SITUATION_SURGE), 33);
	assert_int_equal(ask(&scene, SITUATION_STATE), DATUM_UP);
	assert_int_equal(ask(&scene, SITUATION_HEALTH), 100);
	assert_int_equal(ask(&scene, SITUATION_ACTIVE_SERVICES), 1);
	assert_false(fact_read(scene.house->proxies[0], 99, SITUATION_STATE, &number));
	assert_false(fact_read(scene.house->proxies[0], UINT32_MAX, SITUATION_STATE, &number));
	leave(&scene, 0, 1);
	house_free(scene.house);
}

static void states(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });

	(void)unused;
	house_send(scene.house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = 0, .number = 0 });
	house_until(scene.house, !vserver_is_up(slot(&scene, 0)));
	assert_int_equal(ask(&scene, SITUATION_STATE), DATUM_DOWN);
	assert_int_equal(ask(&scene, SITUATION_HEALTH), 0);
	assert_int_equal(ask(&scene, SITUATION_ACTIVE_SERVICES), 0);
	scene.house->vservers[scene.ids[0]].is_enabled = false;
	house_publish(scene.house);
	assert_int_equal(ask(&scene, SITUATION_STATE), DATUM_OUT_OF_SERVICE);
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(facts), cmocka_unit_test(states) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
