/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client is served by the first in the chain that is up and has room; who was passed
 * over counts why; where the chain ends the action decides; a use that is given back is the next
 * client's.
 */
#include "chain.h"
#include "persist/persist.h"

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

/* By name, however they came there; what lies too far down the chain is not counted. */
static void destinations_are_counted(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 1, 1 });
	struct stat_spill blocks[3] = { 0 };
	struct stat_spill *first[] = { &blocks[0], &blocks[1] }, *second[] = { &blocks[2] };

	(void)unused;
	scene.house->vservers[scene.ids[0]].destinations = first;
	scene.house->vservers[scene.ids[0]].destination_count = 1;
	scene.house->vservers[scene.ids[1]].destinations = second;
	scene.house->vservers[scene.ids[1]].destination_count = 1;
	house_publish(scene.house);
	for (int i = 0; i < 3; i++)
		assert_int_equal(admit(&scene), i);
	assert_int_equal(stat_read(&blocks[0].clients), 1);
	assert_int_equal(stat_read(&blocks[1].clients), 0);
	assert_int_equal(stat_read(&blocks[2].clients), 1);
	scene.house->vservers[scene.ids[0]].destination_count = 2;
	house_publish(scene.house);
	leave(&scene, 2, 1);
	assert_int_equal(admit(&scene), 2);
	assert_int_equal(stat_read(&blocks[1].clients), 1);
	for (int i = 0; i < 3; i++)
		leave(&scene, i, 1);
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
	assert_int_equal(STAT(&scene, 0, asked[REASON_DOWN]), 3);
	assert_int_equal(STAT(&scene, 0, asked[REASON_CLIENTS]), 0);
	assert_int_equal(STAT(&scene, 0, dropped), 1);
	assert_int_equal(STAT(&scene, 1, asked[REASON_CLIENTS]), 2);
	assert_int_equal(STAT(&scene, 1, asked[REASON_NONE]), 1);
	house_send(scene.house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = 0, .number = 1 });
	house_until(scene.house, vserver_is_up(slot(&scene, 0)));
	assert_int_equal(admit(&scene), 0);
	for (int i = 0; i < 3; i++)
		leave(&scene, i, 1);
	house_free(scene.house);
}

/* With -soPersistence of 2 minutes, all of one client. */
static struct persist *keep_clients(struct scene *scene)
{
	struct persist *table = persist_new(64);

	assert_non_null(table);
	proxy_set_persist(scene->house->proxies[0], table);
	for (int i = 0; i < 3; i++) {
		struct model_vserver *model = &scene->house->vservers[scene->ids[i]];

		model->tag = 100 + (uint64_t)i;
		model->persistence.netmask = UINT32_MAX;
		model->persistence.spill_timeout_s = i == 0 ? 120 : 0;
	}
	house_publish(scene->house);
	return table;
}

static void who_spilled_stays_until_the_time_is_over(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 2, 3 });
	struct persist *table = keep_clients(&scene);

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	leave(&scene, 0, 1);
	assert_int_equal(admit(&scene), 1); /* though the first has room */
	assert_int_equal(STAT(&scene, 0, spilled), 2);
	assert_int_equal(STAT(&scene, 0, asked[REASON_KEPT]), 1);
	assert_int_equal(STAT(&scene, 1, spilled_in), 2);
	assert_int_equal(admit(&scene), 0); /* the backup is full: who serves last wins */
	leave(&scene, 1, 1);
	leave(&scene, 0, 1);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	leave(&scene, 0, 1);
	scene.house->engines[0].loop.now_ms += 119000;
	assert_int_equal(STAT(&scene, 1, clients), 2);
	leave(&scene, 1, 2);
	assert_int_equal(admit(&scene), 1); /* the time counts from the last connection */
	scene.house->engines[0].loop.now_ms += 121000;
	assert_int_equal(admit(&scene), 0);
	leave(&scene, 0, 1);
	leave(&scene, 1, 1);
	house_free(scene.house);
	persist_free(table);
}

static void who_is_kept_by_one_that_is_down_is_free(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 2, 3 });
	struct persist *table = keep_clients(&scene);

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	leave(&scene, 0, 1);
	scene.house->services[1].is_enabled = false;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 0);
	scene.house->services[1].is_enabled = true;
	house_publish(scene.house);
	leave(&scene, 0, 1);
	assert_int_equal(admit(&scene), 0);
	leave(&scene, 0, 1);
	leave(&scene, 1, 1);
	house_free(scene.house);
	persist_free(table);
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
	assert_int_equal(STAT(&scene, 0, asked[REASON_DISABLED]), 1);
	assert_int_equal(STAT(&scene, 1, asked[REASON_DOWN]), 1);
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

static struct quota_view pool_of(const struct scene *scene, int place)
{
	struct quota_view view;

	quota_read(scene->house->map, scene->house->vservers[scene->ids[place]].pool, &view);
	return view;
}

/* The first is full, its backup spills early: each is counted by its own reason. */
static void each_of_the_chain_has_its_reason(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 9, 9 });
	struct quota_rule rule = quota_rule_plain(80, 10);

	(void)unused;
	rule.engine_threshold = (struct quota_amount){ 1, false };
	rule.shared_threshold = (struct quota_amount){ 100, true };
	quota_set_rule(scene.house->map, scene.house->vservers[scene.ids[1]].pool, &rule);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(admit(&scene), 2);
	assert_int_equal(pool_of(&scene, 0).spilled[QUOTA_WHY_FULL], 2);
	assert_int_equal(pool_of(&scene, 0).spilled[QUOTA_WHY_EARLY], 0);
	assert_int_equal(pool_of(&scene, 1).spilled[QUOTA_WHY_EARLY], 1);
	for (int place = 0; place < 3; place++)
		leave(&scene, place, 1);
	house_free(scene.house);
}

/* Where nobody can leave nobody waits; where somebody can, a moment. */
static void a_limit_of_nothing_is_not_waited_for(void **unused)
{
	struct scene scene = begin((int64_t[]){ 0, 1, 9 });
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(&scene, 0), .peer = &peer };

	(void)unused;
	assert_int_equal(admission_decide(&in), ADMIT_OK);
	assert_ptr_equal(in.serving, slot(&scene, 1));
	assert_int_equal(admission_decide(&in), ADMIT_AGAIN);
	leave(&scene, 1, 1);
	house_free(scene.house);
}

/* Full, with a line: wait there; with a use from the line it is served, unless somebody else does.
 */
static void who_may_wait_stands_in_line(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 1, 9 });
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(&scene, 0), .peer = &peer, .may_queue = true };

	(void)unused;
	scene.house->vservers[scene.ids[1]].queue_depth = 5;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	in.waited_ms = ADMISSION_NO_WAIT;
	assert_int_equal(admission_decide(&in), ADMIT_QUEUE);
	assert_ptr_equal(in.serving, slot(&scene, 1));
	assert_ptr_equal(in.full, &slot(&scene, 1)->clients);
	/* The first leaves, and its use is the waiter's: nothing is taken from the pool. */
	leave(&scene, 1, 1);
	assert_int_equal(quota_take(scene.house->proxies[0]->quota, slot(&scene, 1)->clients.pool),
			 QUOTA_OK);
	in.may_queue = false;
	in.granted = &slot(&scene, 1)->clients;
	assert_int_equal(admission_decide(&in), ADMIT_OK);
	assert_ptr_equal(in.serving, slot(&scene, 1));
	assert_null(in.granted);
	/* The primary has room again: the use is not needed. */
	leave(&scene, 0, 1);
	in.granted = &slot(&scene, 1)->clients;
	assert_int_equal(admission_decide(&in), ADMIT_OK);
	assert_ptr_equal(in.serving, slot(&scene, 0));
	assert_non_null(in.granted);
	leave(&scene, 0, 1);
	leave(&scene, 1, 1);
	house_free(scene.house);
}

/* A limit of the whole appliance: no backup is asked, the action decides. */
static void the_appliance_is_full(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct quota_view view;

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	scene.house->snapshot.client_pool = quota_open(scene.house->map, QUOTA_UNLIMITED, 80, 10);
	house_publish(scene.house);
	quota_set_limit(scene.house->map, scene.house->snapshot.client_pool, 2);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), -1);
	assert_int_equal(STAT(&scene, 0, asked[REASON_ALL_CLIENTS]), 1);
	assert_int_equal(STAT(&scene, 1, asked[REASON_NONE]), 0);
	quota_turn_end(scene.house->proxies[0]->quota);
	quota_read(scene.house->map, scene.house->vservers[scene.ids[0]].pool, &view);
	assert_int_equal(view.used, 2); /* who was refused holds nothing */
	scene.house->vservers[scene.ids[0]].so_backup_action = SO_BACKUP_ACCEPT;
	house_publish(scene.house);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(scene.house->proxies[0]->clients.excess, 1);
	leave(&scene, 0, 3);
	assert_int_equal(scene.house->proxies[0]->clients.count, 0);
	house_free(scene.house);
}

/* Who serves the next request of a client of the first; -1: nobody. */
static int request(const struct scene *scene)
{
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(scene, 0),
				.peer = &peer,
				.is_request = true,
				.waited_ms = ADMISSION_NO_WAIT };

	if (admission_decide(&in) != ADMIT_OK)
		return -1;
	for (int i = 0; i < 3; i++)
		if (in.serving == slot(scene, i))
			return i;
	fail();
	return 0;
}

/* At a backup a request counts as a client, too, for as long as it lasts. */
static void requests_spill_by_themselves(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 1, 9 });
	struct house *house = scene.house;
	uint32_t pool = quota_open(house->map, 2, 80, 10);

	(void)unused;
	house->vservers[scene.ids[0]].request_pool = pool;
	house_publish(house);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(request(&scene), 0);
	assert_int_equal(request(&scene), 0);
	assert_int_equal(request(&scene), 1);
	assert_int_equal(request(&scene), 2);
	assert_int_equal(STAT(&scene, 0, asked[REASON_REQUESTS]), 2);
	assert_int_equal(STAT(&scene, 0, spilled), 2);
	assert_int_equal(STAT(&scene, 1, asked[REASON_CLIENTS]), 1);
	assert_int_equal(STAT(&scene, 1, clients), 1);
	assert_int_equal(STAT(&scene, 1, requests_active), 1);
	admission_request_over(slot(&scene, 1), true);
	assert_int_equal(request(&scene), 1);
	admission_request_over(slot(&scene, 0), false);
	assert_int_equal(request(&scene), 0);
	admission_request_over(slot(&scene, 0), false);
	admission_request_over(slot(&scene, 0), false);
	admission_request_over(slot(&scene, 1), true);
	admission_request_over(slot(&scene, 2), true);
	leave(&scene, 0, 1);
	house_free(house);
}

static void handshakes_have_a_limit_of_their_own(void **unused)
{
	struct scene scene = begin((int64_t[]){ 9, 9, 9 });
	struct house *house = scene.house;

	(void)unused;
	house->vservers[scene.ids[0]].session_pool = quota_open(house->map, 1, 80, 10);
	house_publish(house);
	assert_true(admission_handshake_begin(slot(&scene, 0)));
	assert_false(admission_handshake_begin(slot(&scene, 0)));
	assert_int_equal(STAT(&scene, 0, asked[REASON_SESSIONS]), 1);
	admission_session_over(slot(&scene, 0));
	assert_true(admission_handshake_begin(slot(&scene, 0)));
	admission_session_over(slot(&scene, 0));
	house_free(house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_fills_in_order),
		cmocka_unit_test(destinations_are_counted),
		cmocka_unit_test(who_is_down_is_passed_over),
		cmocka_unit_test(who_spilled_stays_until_the_time_is_over),
		cmocka_unit_test(who_is_kept_by_one_that_is_down_is_free),
		cmocka_unit_test(a_disabled_one_is_down),
		cmocka_unit_test(accept_lets_in_past_the_limit),
		cmocka_unit_test(the_end_of_the_chain_decides),
		cmocka_unit_test(a_dead_one_redirects),
		cmocka_unit_test(a_lower_limit_cuts_nobody),
		cmocka_unit_test(each_of_the_chain_has_its_reason),
		cmocka_unit_test(a_limit_of_nothing_is_not_waited_for),
		cmocka_unit_test(who_may_wait_stands_in_line),
		cmocka_unit_test(the_appliance_is_full),
		cmocka_unit_test(requests_spill_by_themselves),
		cmocka_unit_test(handshakes_have_a_limit_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
