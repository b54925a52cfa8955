/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client that waits is watched, timed and counted; it leaves the line by being served,
 * by its time-out or by going away, and in each case nothing of it remains. So does a request.
 */
#include "admit/quota_queue.h"
#include "house.h"

enum { LIMIT = 2, DEPTH = 3 };

struct scene {
	struct house *house;
	struct vserver *vserver;
	uint32_t id, pool;
	int origin; /* listens */
	int clients[8];
	unsigned count;
};

static void ring(void *context, unsigned core)
{
	engine_ring(&((struct house *)context)->engines[core]);
}

/* A full virtual server with a line, before a server that listens. */
static struct scene begin(uint32_t timeout_ms)
{
	struct scene scene = { .house = house_new(1) };
	struct address address = house_loopback(0);
	uint32_t service;

	scene.origin = socket_listen(&address);
	assert_true(scene.origin >= 0);
	service = house_service(scene.house, house_port_of(scene.origin), 0);
	scene.id = house_vserver(scene.house, LIMIT);
	house_bind(scene.house, scene.id, service);
	scene.pool = scene.house->vservers[scene.id].pool;
	scene.house->vservers[scene.id].queue_depth = DEPTH;
	scene.house->vservers[scene.id].queue_timeout_ms = timeout_ms;
	assert_true(quota_queue_set(scene.house->map, scene.pool, DEPTH));
	quota_queue_set_bell(scene.house->map, ring, scene.house);
	house_enter(scene.house);
	house_publish(scene.house);
	scene.vserver = proxy_vserver(scene.house->proxies[0], scene.id);
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(quota_take(scene.house->proxies[0]->quota, scene.pool), QUOTA_OK);
	return scene;
}

static void give(const struct scene *scene)
{
	quota_give(scene->house->proxies[0]->quota, scene->pool);
	quota_turn_end(scene->house->proxies[0]->quota);
}

static void end(struct scene *scene)
{
	for (unsigned i = 0; i < scene->count; i++)
		if (scene->clients[i] >= 0)
			close(scene->clients[i]);
	house_free(scene->house);
	close(scene->origin);
}

static enum quota_join join(struct scene *scene)
{
	struct arrival arrival = { .peer = house_loopback(1000) };
	enum quota_join result;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	arrival.fd = pair[0];
	scene->clients[scene->count++] = pair[1];
	result = queue_enter(scene->vserver, scene->vserver, &scene->vserver->clients, &arrival);
	if (result != QUOTA_JOINED)
		close(pair[0]);
	return result;
}

#define STAT(scene, field) house_vserver_stat((scene)->house, (scene)->id, field)

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_freed_use_serves_the_oldest(void **unused)
{
	struct scene scene = begin(60000);

	(void)unused;
	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(join(&scene), QUOTA_JOINED);
	assert_int_equal(join(&scene), QUOTA_CROWDED);
	assert_int_equal(STAT(&scene, queued), DEPTH);
	assert_int_equal(STAT(&scene, queue_crowded), 1);
	give(&scene);
	house_until(scene.house, STAT(&scene, queue_served) == 1);
	assert_int_equal(STAT(&scene, queued), DEPTH - 1);
	assert_int_equal(STAT(&scene, clients), 1);
	assert_int_equal(house_uses(scene.house, scene.pool), LIMIT);
	assert_int_equal(STAT(&scene, queue_waits[0]) + STAT(&scene, queue_waits[1]) +
				 STAT(&scene, queue_waits[2]) + STAT(&scene, queue_waits[3]) +
				 STAT(&scene, queue_waits[4]),
			 1);
	give(&scene);
	house_until(scene.house, STAT(&scene, queue_served) == 2);
	end(&scene);
}

static void who_goes_away_leaves_nothing(void **unused)
{
	struct scene scene = begin(60000);

	(void)unused;
	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(join(&scene), QUOTA_JOINED);
	close(scene.clients[1]);
	scene.clients[1] = -1;
	house_until(scene.house, STAT(&scene, queue_left) == 1);
	assert_int_equal(STAT(&scene, queued), DEPTH - 1);
	assert_int_equal(quota_queue_waiting(scene.house->map, scene.pool), DEPTH - 1);
	/* A half-closed TCP client that has said something still waits. */
	assert_int_equal(send(scene.clients[0], "x", 1, 0), 1);
	assert_int_equal(shutdown(scene.clients[0], SHUT_WR), 0);
	for (int i = 0; i < 5; i++)
		house_pass(scene.house);
	assert_int_equal(STAT(&scene, queued), DEPTH - 1);
	give(&scene);
	give(&scene);
	house_until(scene.house, STAT(&scene, queue_served) == 2);
	end(&scene);
}

/* It goes in the very turn in which its use came: the use is the next one's. */
static void who_goes_too_late_gives_the_use_back(void **unused)
{
	struct scene scene = begin(60000);

	(void)unused;
	assert_int_equal(join(&scene), QUOTA_JOINED);
	assert_int_equal(join(&scene), QUOTA_JOINED);
	give(&scene);
	close(scene.clients[0]);
	scene.clients[0] = -1;
	house_until(scene.house, STAT(&scene, queue_served) + STAT(&scene, queue_left) == 2);
	assert_int_equal(STAT(&scene, queued), 0);
	give(&scene);
	end(&scene);
}

static void who_waited_too_long_spills(void **unused)
{
	struct scene scene = begin(1);

	(void)unused;
	assert_int_equal(join(&scene), QUOTA_JOINED);
	house_until(scene.house, STAT(&scene, queue_timed_out) == 1);
	assert_int_equal(STAT(&scene, queued), 0);
	assert_int_equal(STAT(&scene, dropped), 1);
	assert_true(is_closed(scene.clients[0]));
	give(&scene);
	give(&scene);
	end(&scene);
}

static void the_engine_stops_while_some_wait(void **unused)
{
	struct scene scene = begin(60000);

	(void)unused;
	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(join(&scene), QUOTA_JOINED);
	give(&scene);
	give(&scene);
	end(&scene);
}

/* --- requests --- */

/* A session of the test. */
struct asker {
	struct task task;
	struct queued_request *place;
	unsigned woken;
};

static void wake(struct task *task)
{
	list_entry(task, struct asker, task)->woken++;
}

static enum quota_join ask(struct scene *scene, struct asker *asker)
{
	*asker = (struct asker){ 0 };
	loop_task_init(&asker->task, wake);
	return queue_enter_request(scene->vserver, &scene->vserver->clients, &asker->task,
				   &asker->place);
}

static void requests_are_served_in_their_order(void **unused)
{
	struct scene scene = begin(60000);
	struct asker askers[DEPTH + 1];

	(void)unused;
	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(ask(&scene, &askers[i]), QUOTA_JOINED);
	assert_int_equal(ask(&scene, &askers[DEPTH]), QUOTA_CROWDED);
	assert_int_equal(STAT(&scene, queue_crowded), 1);
	give(&scene);
	house_until(scene.house, askers[0].woken > 0);
	assert_int_equal(askers[0].place->state, QUEUE_SERVED);
	assert_int_equal(askers[1].place->state, QUEUE_WAITS);
	assert_false(queue_late(askers[0].place));
	assert_ptr_equal(queue_take(askers[0].place), &scene.vserver->clients);
	assert_int_equal(STAT(&scene, queue_served), 1);
	give(&scene); /* what it took */
	house_until(scene.house, askers[1].woken > 0);
	queue_leave(askers[1].place); /* with its use: it goes to the next */
	house_until(scene.house, askers[2].woken > 0);
	queue_leave(askers[2].place);
	assert_int_equal(STAT(&scene, queue_left), 2);
	assert_int_equal(STAT(&scene, queued), 0);
	give(&scene);
	end(&scene);
}

static void a_late_request_leaves_nothing(void **unused)
{
	struct scene scene = begin(60000);
	struct asker asker;

	(void)unused;
	assert_int_equal(ask(&scene, &asker), QUOTA_JOINED);
	assert_true(queue_late(asker.place));
	assert_int_equal(STAT(&scene, queue_timed_out), 1);
	assert_int_equal(STAT(&scene, queued), 0);
	assert_int_equal(quota_queue_waiting(scene.house->map, scene.pool), 0);
	/* One whose use is on the way is not late, and may still go. */
	assert_int_equal(ask(&scene, &asker), QUOTA_JOINED);
	give(&scene);
	assert_false(queue_late(asker.place));
	queue_leave(asker.place);
	house_until(scene.house, STAT(&scene, queued) == 0);
	give(&scene);
	end(&scene);
}

static void a_limit_that_goes_is_waited_for_no_more(void **unused)
{
	struct scene scene = begin(60000);
	struct asker askers[DEPTH];

	(void)unused;
	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(ask(&scene, &askers[i]), QUOTA_JOINED);
	give(&scene); /* on the way to the first */
	queue_dissolve(scene.house->proxies[0], &scene.vserver->clients);
	assert_int_equal(quota_queue_waiting(scene.house->map, scene.pool), 0);
	house_until(scene.house, askers[DEPTH - 1].woken > 0);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(askers[i].place->state, QUEUE_OVER);
		if (i > 0)
			queue_dissolved(askers[i].place);
		else
			queue_leave(askers[i].place); /* it goes before it asks again */
	}
	assert_int_equal(STAT(&scene, queue_dissolved), DEPTH - 1);
	assert_int_equal(STAT(&scene, queue_left), 1);
	assert_int_equal(STAT(&scene, queued), 0);
	give(&scene);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_served_in_their_order),
		cmocka_unit_test(a_late_request_leaves_nothing),
		cmocka_unit_test(a_limit_that_goes_is_waited_for_no_more),
		cmocka_unit_test(a_freed_use_serves_the_oldest),
		cmocka_unit_test(who_goes_away_leaves_nothing),
		cmocka_unit_test(who_goes_too_late_gives_the_use_back),
		cmocka_unit_test(who_waited_too_long_spills),
		cmocka_unit_test(the_engine_stops_while_some_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
