/* SPDX-License-Identifier: Apache-2.0
 * Promised: idle connections are reused newest first and never when the server closed them; every
 * open connection holds a use, so the limit is exact; who waits is served first come, first
 * served; a service that is configured no more goes when its last connection does.
 */
#include "service/service.h"

#include "os/clock.h"
#include "os/limits.h"
#include "os/socket.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

/* One engine on the test's thread with one service on a listening socket of ours. */
static struct scene {
	struct loop control;
	struct engine engine;
	struct quota_map *map;
	struct quota_core *quota;
	struct service_room room;
	struct stat_engine engine_stats;
	struct stat_service stats;
	struct model_service model;
	const struct model_service *rows[1];
	struct snapshot snapshot;
	struct timer tick;
	struct service *service;
	int origin;
	unsigned told[MESSAGE_STOPPED + 1];
} * scene;

/* A session of the test. */
struct asker {
	struct task task;
	struct service_waiter waiter;
	struct server_conn *server;
	unsigned woken;
};

static void wake(struct task *task)
{
	list_entry(task, struct asker, task)->woken++;
}

static void init_asker(struct asker *asker)
{
	*asker = (struct asker){ 0 };
	loop_task_init(&asker->task, wake);
	list_init(&asker->waiter.link);
}

static void tick(struct timer *timer)
{
	timer_arm(&scene->engine.loop.timers, timer, scene->engine.loop.now_ms + 1);
}

static void turn(void)
{
	struct message message;

	loop_turn(&scene->engine.loop);
	quota_turn_end(scene->quota);
	while (mailbox_take(&scene->engine.outbox, &message))
		scene->told[message.kind]++;
}

#define until(condition)                                                                           \
	do {                                                                                       \
		uint64_t limit_ms = clock_ms() + PATIENCE_MS;                                      \
		while (!(condition) && clock_ms() < limit_ms)                                      \
			turn();                                                                    \
		assert_true(condition);                                                            \
	} while (0)

static void take_up(void)
{
	service_room_take_up(&scene->room, &scene->snapshot);
}

static void begin(uint32_t max_client)
{
	struct address local;

	scene = aligned_alloc(64, (sizeof(*scene) + 63) & ~(size_t)63);
	memset(scene, 0, sizeof(*scene));
	assert_int_equal(loop_init(&scene->control), 0);
	assert_int_equal(engine_init(&scene->engine, 0, -1, &scene->control, 1 << 20), 0);
	engine_enter(&scene->engine);
	scene->map = quota_map_new(1, 4);
	scene->quota = quota_core_new(scene->map, 0);
	assert_int_equal(service_room_init(&scene->room, &scene->engine, scene->quota,
					   &scene->engine_stats, 100),
			 0);
	assert_true(address_parse(STR("127.0.0.1"), 0, &local));
	scene->origin = socket_listen(&local);
	assert_true(scene->origin >= 0);
	assert_int_equal(socket_local(scene->origin, &local), 0);
	scene->model = (struct model_service){
		.address = local,
		.pool = quota_open(scene->map, max_client > 0 ? max_client : QUOTA_UNLIMITED, 80,
				   10),
		.max_client = max_client,
		.server_timeout_ms = 60000,
		.is_enabled = true,
		.is_up = true,
		.stats = &scene->stats,
	};
	scene->rows[0] = &scene->model;
	scene->snapshot =
		(struct snapshot){ .services = scene->rows, .service_room = 1, .keep_idle_max = 2 };
	take_up();
	scene->service = service_of(&scene->room, 0);
	assert_non_null(scene->service);
	timer_init(&scene->tick, tick);
	timer_arm(&scene->engine.loop.timers, &scene->tick, 0);
}

static void finish(void)
{
	struct quota_view view;

	service_room_close(&scene->room);
	turn();
	quota_read(scene->map, scene->model.pool, &view);
	assert_int_equal(view.used, 0);
	assert_int_equal(stat_read(&scene->stats.connections), 0);
	assert_int_equal(stat_read(&scene->stats.idle), 0);
	assert_int_equal(stat_read(&scene->stats.active), 0);
	assert_int_equal(stat_read(&scene->stats.waiting), 0);
	assert_int_equal(stat_read(&scene->engine_stats.servers), 0);
	timer_cancel(&scene->engine.loop.timers, &scene->tick);
	service_room_fini(&scene->room);
	quota_core_free(scene->quota);
	quota_map_free(scene->map);
	engine_enter(NULL);
	engine_fini(&scene->engine);
	loop_fini(&scene->control);
	socket_close(scene->origin);
	free(scene);
	scene = NULL;
}

static enum service_result get(struct asker *asker, bool may_reuse)
{
	enum service_result result = service_get(scene->service, &asker->task, may_reuse,
						 &asker->server);

	if (result == SERVICE_CONNECTING)
		until(conn_connected(&asker->server->conn) == CONN_DONE);
	return result;
}

static int accept_one(void)
{
	struct address peer;
	int fd = -1;

	until(fd >= 0 || (fd = socket_accept(scene->origin, &peer)) >= 0);
	return fd;
}

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
	service_wait(scene->service, &first.waiter, &first.task);
	assert_int_equal(get(&second, true), SERVICE_FULL);
	service_wait(scene->service, &second.waiter, &second.task);
	assert_int_equal(stat_read(&scene->stats.waiting), 2);
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
		service_wait(scene->service, &waiters[i].waiter, &waiters[i].task);
	}
	turn();
	assert_int_equal(scene->told[MESSAGE_WANT_IDLE], 1);
	waiters[0].woken = 0;
	service_use_freed(scene->service);
	until(waiters[0].woken > 0);
	for (int i = 0; i < 2; i++)
		service_unwait(scene->service, &waiters[i].waiter);
	service_drop(holder.server, false);
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
		service_wait(scene->service, &waiters[i].waiter, &waiters[i].task);
	}
	service_set_state(scene->service, false);
	assert_false(service_is_usable(scene->service));
	until(waiters[0].woken > 0 && waiters[1].woken > 0);
	for (int i = 0; i < 2; i++)
		service_unwait(scene->service, &waiters[i].waiter);
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
	service_wait(scene->service, &asker.waiter, &asker.task);
	service_drop(holder.server, false);
	until(asker.woken > 0);
	assert_int_equal(get(&asker, false), SERVICE_CONNECTING);
	service_drop(asker.server, false);
	assert_int_equal(limits_set_descriptors((uint64_t)next - 1), 0);
	assert_int_equal(get(&asker, false), SERVICE_FAILED);
	assert_int_equal(limits_set_descriptors(1024), 0);
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
	service_wait(scene->service, &asker->waiter, &asker->task);
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
		assert_true(askers[i].waiter.has_use);
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
	service_unwait(scene->service, &askers[1].waiter); /* in the middle */
	service_drop(holder.server, false);
	service_unwait(scene->service, &askers[0].waiter); /* its use is on the way */
	assert_int_equal(scene->room.ticket_count, 3);
	assert_int_equal(look(), 2);
	assert_true(askers[2].waiter.has_use);
	service_unwait(scene->service, &askers[2].waiter); /* it has its use */
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
		assert_true(
			service_is_good_to_wait(scene->service, &askers[i].waiter, scene->service));
		assert_false(service_is_good_to_wait(scene->service, &askers[i].waiter, NULL));
		service_unwait(scene->service, &askers[i].waiter);
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
	assert_int_equal(scene->service->placed_count, 1);
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
	service_unwait(scene->service, &one.waiter);
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
		cmocka_unit_test(the_newest_idle_one_is_reused),
		cmocka_unit_test(enough_idle_ones_are_enough),
		cmocka_unit_test(what_the_server_closed_is_not_reused),
		cmocka_unit_test(an_idle_one_is_closed_in_time),
		cmocka_unit_test(a_used_up_one_is_not_kept),
		cmocka_unit_test(the_limit_counts_idle_ones),
		cmocka_unit_test(who_waits_longest_is_next),
		cmocka_unit_test(control_is_asked_once_for_a_shortage),
		cmocka_unit_test(the_line_over_all_engines_is_in_order),
		cmocka_unit_test(nobody_passes_who_waits_on_another_engine),
		cmocka_unit_test(who_leaves_the_line_leaves_nothing),
		cmocka_unit_test(a_use_that_could_not_be_spent_is_the_nexts),
		cmocka_unit_test(a_line_comes_and_goes_while_they_wait),
		cmocka_unit_test(who_finds_the_line_crowded_comes_in_order),
		cmocka_unit_test(a_service_outlives_the_tickets_of_who_has_gone),
		cmocka_unit_test(an_idle_one_can_be_given_away),
		cmocka_unit_test(going_down_wakes_all_and_keeps_no_idle_one),
		cmocka_unit_test(leaving_serves_those_it_knows),
		cmocka_unit_test(a_new_address_is_for_new_connections),
		cmocka_unit_test(a_cut_breaks_what_is_busy),
		cmocka_unit_test(it_goes_with_its_last_connection),
		cmocka_unit_test(a_connect_that_fails_holds_nothing),
		cmocka_unit_test(without_descriptors_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
