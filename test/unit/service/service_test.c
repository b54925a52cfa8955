/* SPDX-License-Identifier: Apache-2.0
 * Promised: idle connections are reused newest first and never when the server closed them; every
 * open connection holds a use, so the limit is exact; a service that is configured no more goes
 * when its last connection does.
 */
#include "service/service.h"

#include "house.h"

static void the_newest_idle_one_is_reused(void **unused)
{
	struct asker one, two;
	struct server_conn *first, *second;

	(void)unused;
	begin(0);
	init_asker(&one);
	init_asker(&two);
	assert_int_equal(get(&one, true), SERVICE_CONNECTING);
	assert_int_equal(get(&two, true), SERVICE_CONNECTING);
	first = one.server;
	second = two.server;
	service_put(first);
	service_put(second);
	assert_int_equal(stat_read(&scene->stats.idle), 2);
	assert_int_equal(get(&one, true), SERVICE_READY);
	assert_ptr_equal(one.server, second);
	assert_true(one.server->is_reused);
	assert_int_equal(get(&two, false), SERVICE_CONNECTING); /* asked for a fresh one */
	assert_ptr_not_equal(two.server, first);
	service_drop(one.server, false);
	service_drop(two.server, true);
	finish();
}

static void enough_idle_ones_are_enough(void **unused)
{
	struct asker askers[4];

	(void)unused;
	begin(0);
	for (int i = 0; i < 4; i++) {
		init_asker(&askers[i]);
		assert_int_equal(get(&askers[i], true), SERVICE_CONNECTING);
	}
	for (int i = 0; i < 4; i++)
		service_put(askers[i].server);
	assert_int_equal(stat_read(&scene->stats.connections), 2);
	assert_int_equal(stat_read(&scene->stats.idle), 2);
	finish();
}

static void what_the_server_closed_is_not_reused(void **unused)
{
	struct asker asker;
	int fd;

	(void)unused;
	begin(0);
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	fd = accept_one();
	service_put(asker.server);
	close(fd);
	until(stat_read(&scene->stats.connections) == 0);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	fd = accept_one();
	service_put(asker.server);
	assert_int_equal(send(fd, "?", 1, 0), 1); /* unasked: not to be taken for an answer */
	until(stat_read(&scene->stats.connections) == 0);
	close(fd);
	finish();
}

static void an_idle_one_is_closed_in_time(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(0);
	scene->model.server_timeout_ms = 20;
	take_up();
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	service_put(asker.server);
	assert_int_equal(stat_read(&scene->stats.connections), 1);
	until(stat_read(&scene->stats.connections) == 0);
	finish();
}

static void a_used_up_one_is_not_kept(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(0);
	scene->model.max_requests_per_connection = 3;
	take_up();
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	asker.server->requests = 2;
	service_put(asker.server);
	assert_int_equal(get(&asker, true), SERVICE_READY);
	asker.server->requests = 3;
	service_put(asker.server);
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	finish();
}

static void the_limit_counts_idle_ones(void **unused)
{
	struct asker askers[3];

	(void)unused;
	begin(2);
	for (int i = 0; i < 3; i++)
		init_asker(&askers[i]);
	assert_int_equal(get(&askers[0], true), SERVICE_CONNECTING);
	assert_int_equal(get(&askers[1], true), SERVICE_CONNECTING);
	assert_int_equal(get(&askers[2], true), SERVICE_FULL);
	service_put(askers[0].server);
	/* A fresh one takes the use of the idle one, which is closed. */
	assert_int_equal(get(&askers[2], false), SERVICE_CONNECTING);
	assert_int_equal(stat_read(&scene->stats.connections), 2);
	assert_int_equal(stat_read(&scene->stats.idle), 0);
	service_drop(askers[1].server, false);
	service_drop(askers[2].server, false);
	finish();
}

static void an_idle_one_can_be_given_away(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(1);
	init_asker(&asker);
	assert_false(service_give_idle(scene->service));
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	assert_false(service_give_idle(scene->service));
	service_put(asker.server);
	assert_true(service_give_idle(scene->service));
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	finish();
}

static void going_down_wakes_all_and_keeps_no_idle_one(void **unused)
{
	struct asker holder, waiters[2];

	(void)unused;
	begin(1);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < 2; i++) {
		init_asker(&waiters[i]);
		line_wait(scene->service, &waiters[i].waiter, &waiters[i].task);
	}
	service_set_state(scene->service, false);
	assert_false(service_is_usable(scene->service));
	until(waiters[0].woken > 0 && waiters[1].woken > 0);
	for (int i = 0; i < 2; i++)
		line_unwait(scene->service, &waiters[i].waiter);
	service_put(holder.server);
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	finish();
}

/* Out of service in good order: no new clients, but what it knows goes on. */
static void leaving_serves_those_it_knows(void **unused)
{
	struct asker one;

	(void)unused;
	begin(0);
	init_asker(&one);
	assert_int_equal(get(&one, true), SERVICE_CONNECTING);
	scene->model.is_enabled = false;
	scene->model.is_leaving = true;
	take_up();
	assert_false(service_is_usable(scene->service));
	assert_true(service_takes_known(scene->service));
	service_put(one.server);
	assert_int_equal(stat_read(&scene->stats.idle), 1);
	service_set_state(scene->service, false);
	assert_false(service_takes_known(scene->service));
	assert_int_equal(stat_read(&scene->stats.idle), 0);
	service_set_state(scene->service, true);
	scene->model.is_leaving = false;
	take_up();
	assert_false(service_takes_known(scene->service));
	finish();
}

static void a_new_address_is_for_new_connections(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(0);
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	assert_true(address_parse(STR("127.0.0.2"), address_port(&scene->model.address),
				  &scene->model.address));
	take_up();
	assert_true(conn_is_open(&asker.server->conn));
	service_put(asker.server);
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	finish();
}

/* It began with the header of one client: it is never another's, whatever is configured later. */
static void who_was_introduced_is_not_passed_off_as_another(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(0);
	scene->model.sends_proxy_protocol = true;
	take_up();
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	scene->model.sends_proxy_protocol = false;
	take_up();
	service_put(asker.server);
	assert_int_equal(stat_read(&scene->stats.idle), 0);
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	finish();
}

static void what_is_kept_is_for_its_keeper_only(void **unused)
{
	struct server_conn *kept = NULL, *first;
	struct asker asker, other;

	(void)unused;
	begin(0);
	scene->model.sends_proxy_protocol = true;
	take_up();
	init_asker(&asker), init_asker(&other);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	first = asker.server;
	service_keep(asker.server, &kept);
	assert_ptr_equal(kept, first);
	assert_int_equal(get(&other, true), SERVICE_CONNECTING);
	assert_ptr_equal(service_get_kept(kept, &asker.task), first);
	assert_null(kept);
	service_keep(first, &kept);
	service_keep(other.server, &kept); /* one at a time */
	assert_ptr_equal(kept, other.server);
	assert_int_equal(stat_read(&scene->stats.connections), 1);
	assert_true(service_give_idle(scene->service));
	assert_null(kept);
	finish();
}

static void a_cut_breaks_what_is_busy(void **unused)
{
	struct asker asker;
	size_t done;
	char byte;

	(void)unused;
	begin(0);
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	asker.woken = 0;
	service_cut(scene->service);
	until(asker.woken > 0);
	assert_int_equal(conn_read(&asker.server->conn, &byte, 1, &done), CONN_BROKEN);
	service_drop(asker.server, true);
	finish();
}

static void it_goes_with_its_last_connection(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(0);
	init_asker(&asker);
	assert_int_equal(get(&asker, true), SERVICE_CONNECTING);
	scene->rows[0] = NULL;
	take_up();
	turn();
	assert_int_equal(scene->told[MESSAGE_SERVICE_GONE], 0);
	assert_ptr_equal(service_of(&scene->room, 0), scene->service);
	service_put(asker.server);
	turn();
	assert_int_equal(scene->told[MESSAGE_SERVICE_GONE], 1);
	assert_null(service_of(&scene->room, 0));
	finish();
}

static void a_connect_that_fails_holds_nothing(void **unused)
{
	struct asker asker;

	(void)unused;
	begin(1);
	assert_true(address_parse(STR("255.255.255.255"), 9, &scene->model.address));
	take_up();
	init_asker(&asker);
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(&asker, true), SERVICE_FAILED);
	assert_int_equal(stat_read(&scene->stats.connect_failures), 3);
	finish();
}

/* Without descriptors it is as if the service were full, as long as some may come back. */
static void without_descriptors_is_full(void **unused)
{
	struct asker holder, asker;
	int next;

	(void)unused;
	begin(0);
	init_asker(&holder);
	init_asker(&asker);
	assert_int_equal(get(&holder, false), SERVICE_CONNECTING);
	next = dup(0);
	close(next);
	assert_int_equal(limits_set_descriptors((uint64_t)next), 0);
	assert_int_equal(get(&asker, false), SERVICE_FULL);
	line_wait(scene->service, &asker.waiter, &asker.task);
	service_drop(holder.server, false);
	until(asker.woken > 0);
	assert_int_equal(get(&asker, false), SERVICE_CONNECTING);
	service_drop(asker.server, false);
	assert_int_equal(limits_set_descriptors((uint64_t)next - 1), 0);
	assert_int_equal(get(&asker, false), SERVICE_FAILED);
	assert_int_equal(limits_set_descriptors(1024), 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_idle_one_is_reused),
		cmocka_unit_test(enough_idle_ones_are_enough),
		cmocka_unit_test(what_the_server_closed_is_not_reused),
		cmocka_unit_test(an_idle_one_is_closed_in_time),
		cmocka_unit_test(a_used_up_one_is_not_kept),
		cmocka_unit_test(the_limit_counts_idle_ones),
		cmocka_unit_test(an_idle_one_can_be_given_away),
		cmocka_unit_test(going_down_wakes_all_and_keeps_no_idle_one),
		cmocka_unit_test(leaving_serves_those_it_knows),
		cmocka_unit_test(a_new_address_is_for_new_connections),
		cmocka_unit_test(what_is_kept_is_for_its_keeper_only),
		cmocka_unit_test(who_was_introduced_is_not_passed_off_as_another),
		cmocka_unit_test(a_cut_breaks_what_is_busy),
		cmocka_unit_test(it_goes_with_its_last_connection),
		cmocka_unit_test(a_connect_that_fails_holds_nothing),
		cmocka_unit_test(without_descriptors_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
