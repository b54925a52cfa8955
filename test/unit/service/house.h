/* SPDX-License-Identifier: Apache-2.0
 * house.h - one engine on the test's thread with one service on a listening socket of ours, and
 * sessions that ask it for connections.
 */
#pragma once

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
	struct line_waiter waiter;
	struct server_conn *server;
	unsigned woken;
};

static inline void wake(struct task *task)
{
	list_entry(task, struct asker, task)->woken++;
}

static inline void init_asker(struct asker *asker)
{
	*asker = (struct asker){ 0 };
	loop_task_init(&asker->task, wake);
	line_waiter_init(&asker->waiter);
}

static inline void tick(struct timer *timer)
{
	timer_arm(&scene->engine.loop.timers, timer, scene->engine.loop.now_ms + 1);
}

static inline void turn(void)
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

static inline void take_up(void)
{
	service_room_take_up(&scene->room, &scene->snapshot);
}

static inline void begin(uint32_t max_client)
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

static inline void finish(void)
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

static inline enum service_result get(struct asker *asker, bool may_reuse)
{
	enum service_result result = service_get(scene->service, &asker->task, may_reuse,
						 &asker->server);

	if (result == SERVICE_CONNECTING)
		until(conn_connected(&asker->server->conn) == CONN_DONE);
	return result;
}

static inline int accept_one(void)
{
	struct address peer;
	int fd = -1;

	until(fd >= 0 || (fd = socket_accept(scene->origin, &peer)) >= 0);
	return fd;
}
