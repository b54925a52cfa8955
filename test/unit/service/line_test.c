/* SPDX-License-Identifier: Apache-2.0
 * Promised: who waits for a full service is served first come, first served, over all engines where
 * the line spans them; who leaves it leaves nothing behind.
 */
#include "service/line.h"

#include "house.h"

static void who_waits_longest_is_next(void **unused)
{
	struct asker holder, first, second, late;

	(void)unused;
	begin(1);
	init_asker(&holder);
	init_asker(&first);
	init_asker(&second);
	init_asker(&late);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	assert_int_equal(get(&first, true), SERVICE_FULL);
	line_wait(scene->service, &first.waiter, &first.task);
	assert_int_equal(get(&second, true), SERVICE_FULL);
	line_wait(scene->service, &second.waiter, &second.task);
	assert_int_equal(stat_read(&scene->stats.waiting), 2);
	assert_true(line_is_good_to_wait(scene->service, &second.waiter, NULL, false));
	assert_false(line_is_good_to_wait(scene->service, &second.waiter, NULL, true));
	service_put(holder.server);
	assert_int_equal(get(&late, true), SERVICE_FULL); /* there is one, but not for it */
	assert_int_equal(get(&second, true), SERVICE_FULL);
	until(first.woken > 0);
	assert_int_equal(get(&first, true), SERVICE_READY);
	assert_int_equal(stat_read(&scene->stats.waiting), 1);
	second.woken = 0;
	service_drop(first.server, false);
	until(second.woken > 0);
	assert_int_equal(get(&second, true), SERVICE_CONNECTING);
	assert_int_equal(stat_read(&scene->stats.waiting), 0);
	service_drop(second.server, false);
	finish();
}

static void control_is_asked_once_for_a_shortage(void **unused)
{
	struct asker holder, waiters[2];

	(void)unused;
	begin(1);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 2; i++) {
		init_asker(&waiters[i]);
		assert_int_equal(get(&waiters[i], true), SERVICE_FULL);
		line_wait(scene->service, &waiters[i].waiter, &waiters[i].task);
	}
	turn();
	assert_int_equal(scene->told[MESSAGE_WANT_IDLE], 1);
	waiters[0].woken = 0;
	line_use_freed(scene->service);
	until(waiters[0].woken > 0);
	for (int i = 0; i < 2; i++)
		line_unwait(scene->service, &waiters[i].waiter);
	service_drop(holder.server, false);
	finish();
}

/* The bell. */
static unsigned look(void)
{
	struct quota_waiter *waiter;
	unsigned count = 0;

	for (; (waiter = quota_queue_next(scene->quota)) != NULL; count++)
		waiter->served(waiter);
	return count;
}

static void have_line(bool has_line)
{
	assert_true(quota_queue_set(scene->map, scene->model.pool,
				    has_line ? QUOTA_QUEUE_DEPTH_MAX : 0));
	scene->model.has_line = has_line;
	take_up();
}

static void ask_in_vain(struct asker *asker)
{
	init_asker(asker);
	assert_int_equal(get(asker, true), SERVICE_FULL);
	line_wait(scene->service, &asker->waiter, &asker->task);
}

static void the_line_over_all_engines_is_in_order(void **unused)
{
	struct asker holder, askers[3];

	(void)unused;
	begin(1);
	have_line(true);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 3; i++)
		ask_in_vain(&askers[i]);
	assert_int_equal(quota_queue_waiting(scene->map, scene->model.pool), 3);
	service_put(holder.server); /* not kept: somebody waits */
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(look(), 1);
		assert_true(line_has_use(&askers[i].waiter));
		until(askers[i].woken > 0);
		if (i < 2)
			assert_int_equal(get(&askers[i + 1], true), SERVICE_FULL);
		assert_int_equal(get(&askers[i], true), SERVICE_CONNECTING);
		assert_int_equal(stat_read(&scene->stats.connections), 1);
		assert_int_equal(stat_read(&scene->stats.waiting), 2 - i);
		service_put(askers[i].server);
	}
	assert_int_equal(stat_read(&scene->stats.idle), 1);
	finish();
}

static void nobody_passes_who_waits_on_another_engine(void **unused)
{
	struct quota_waiter other = { 0 };
	struct asker one, two;

	(void)unused;
	begin(2);
	have_line(true);
	list_init(&other.link);
	init_asker(&one);
	init_asker(&two);
	assert_int_equal(get(&one, true), SERVICE_CONNECTING);
	assert_int_equal(get(&two, true), SERVICE_CONNECTING);
	service_put(one.server); /* nobody waits yet: it is kept */
	assert_int_equal(quota_queue_join(scene->quota, scene->model.pool, &other), QUOTA_JOINED);
	ask_in_vain(&one);
	assert_int_equal(stat_read(&scene->stats.idle), 0);
	assert_ptr_equal(quota_queue_next(scene->quota), &other);
	assert_int_equal(look(), 0);
	service_put(two.server);
	assert_int_equal(look(), 1);
	assert_int_equal(get(&one, true), SERVICE_CONNECTING);
	service_drop(one.server, false);
	quota_give(scene->quota, scene->model.pool);
	finish();
}

static void who_leaves_the_line_leaves_nothing(void **unused)
{
	struct asker holder, askers[4];

	(void)unused;
	begin(1);
	have_line(true);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 4; i++)
		ask_in_vain(&askers[i]);
	line_unwait(scene->service, &askers[1].waiter); /* in the middle */
	service_drop(holder.server, false);
	line_unwait(scene->service, &askers[0].waiter); /* its use is on the way */
	assert_int_equal(scene->room.ticket_count, 3);
	assert_int_equal(look(), 2);
	assert_true(line_has_use(&askers[2].waiter));
	line_unwait(scene->service, &askers[2].waiter); /* it has its use */
	assert_int_equal(look(), 1);
	assert_int_equal(get(&askers[3], true), SERVICE_CONNECTING);
	assert_int_equal(scene->room.ticket_count, 0);
	service_drop(askers[3].server, false);
	finish();
}

static void a_use_that_could_not_be_spent_is_the_nexts(void **unused)
{
	struct asker holder, askers[2];

	(void)unused;
	begin(1);
	have_line(true);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 2; i++)
		ask_in_vain(&askers[i]);
	assert_true(address_parse(STR("255.255.255.255"), 9, &scene->model.address));
	take_up();
	service_drop(holder.server, false);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(look(), 1);
		assert_int_equal(get(&askers[i], true), SERVICE_FAILED);
		assert_true(line_is_good_to_wait(scene->service, &askers[i].waiter, scene->service,
						 false));
		assert_false(line_is_good_to_wait(scene->service, &askers[i].waiter, NULL, false));
		assert_true(line_is_good_to_wait(scene->service, &askers[i].waiter, scene->service,
						 true));
		line_unwait(scene->service, &askers[i].waiter);
	}
	finish();
}

static void a_line_comes_and_goes_while_they_wait(void **unused)
{
	struct asker holder, askers[4];

	(void)unused;
	begin(1);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	ask_in_vain(&askers[0]);
	ask_in_vain(&askers[1]);
	have_line(true); /* with those who wait, in their order */
	assert_int_equal(quota_queue_waiting(scene->map, scene->model.pool), 2);
	ask_in_vain(&askers[2]);
	have_line(false); /* who has a ticket keeps it */
	ask_in_vain(&askers[3]);
	assert_int_equal(quota_queue_waiting(scene->map, scene->model.pool), 3);
	for (int i = 0; i < 3; i++) {
		service_put(i > 0 ? askers[i - 1].server : holder.server);
		quota_turn_end(scene->quota);
		assert_int_equal(look(), 1);
		assert_int_equal(get(&askers[3], true), SERVICE_FULL);
		assert_int_equal(get(&askers[i], true), SERVICE_CONNECTING);
	}
	service_put(askers[2].server);
	assert_int_equal(stat_read(&scene->stats.idle), 1);
	assert_int_equal(get(&askers[3], true), SERVICE_READY);
	service_drop(askers[3].server, false);
	finish();
}

static void who_finds_the_line_crowded_comes_in_order(void **unused)
{
	struct asker holder, askers[3];

	(void)unused;
	begin(1);
	have_line(true);
	assert_true(quota_queue_set(scene->map, scene->model.pool, 1));
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 3; i++)
		ask_in_vain(&askers[i]);
	assert_int_equal(scene->service->line.placed, 1);
	for (int i = 0; i < 3; i++) {
		until(quota_queue_waiting(scene->map, scene->model.pool) == 1);
		service_put(i > 0 ? askers[i - 1].server : holder.server);
		assert_int_equal(look(), 1);
		assert_int_equal(get(&askers[i], true), SERVICE_CONNECTING);
	}
	service_drop(askers[2].server, false);
	finish();
}

static void a_service_outlives_the_tickets_of_who_has_gone(void **unused)
{
	struct asker holder, one;

	(void)unused;
	begin(1);
	have_line(true);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	ask_in_vain(&one);
	scene->rows[0] = NULL;
	take_up();
	service_drop(holder.server, false);
	line_unwait(scene->service, &one.waiter);
	turn();
	assert_int_equal(scene->told[MESSAGE_SERVICE_GONE], 0);
	assert_int_equal(look(), 1);
	turn();
	assert_int_equal(scene->told[MESSAGE_SERVICE_GONE], 1);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_longest_is_next),
		cmocka_unit_test(control_is_asked_once_for_a_shortage),
		cmocka_unit_test(the_line_over_all_engines_is_in_order),
		cmocka_unit_test(nobody_passes_who_waits_on_another_engine),
		cmocka_unit_test(who_leaves_the_line_leaves_nothing),
		cmocka_unit_test(a_use_that_could_not_be_spent_is_the_nexts),
		cmocka_unit_test(a_line_comes_and_goes_while_they_wait),
		cmocka_unit_test(who_finds_the_line_crowded_comes_in_order),
		cmocka_unit_test(a_service_outlives_the_tickets_of_who_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
