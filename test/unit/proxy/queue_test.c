/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client that waits is watched, timed and counted; it leaves the line by being served,
 * by its time-out or by going away, and in each case nothing of it remains.
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
	result = queue_enter(scene->house->proxies[0], scene->vserver, scene->vserver, &arrival);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freed_use_serves_the_oldest),
		cmocka_unit_test(who_goes_away_leaves_nothing),
		cmocka_unit_test(who_goes_too_late_gives_the_use_back),
		cmocka_unit_test(who_waited_too_long_spills),
		cmocka_unit_test(the_engine_stops_while_some_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
