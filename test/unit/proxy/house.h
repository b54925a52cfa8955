/* SPDX-License-Identifier: Apache-2.0
 * house.h - a small appliance for the tests of this room: engines with their data planes, and a
 * hand-made snapshot. Control is the test itself.
 *
 * With `house_start()` every engine has its thread and the test talks to it over blocking sockets.
 * With `house_enter()` the only engine runs on the test's own thread, a turn at a time.
 */
#pragma once

#include "admit/quota.h"
#include "engine/engine.h"
#include "lb/lb.h"
#include "model/snapshot.h"
#include "os/clock.h"
#include "os/limits.h"
#include "os/socket.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { HOUSE_ENGINES = 8, HOUSE_ROWS = 8, HOUSE_PATIENCE_MS = 20000 };

struct house {
	unsigned engine_count;
	bool has_threads;
	struct loop control;
	struct quota_map *map;
	struct engine engines[HOUSE_ENGINES];
	struct proxy *proxies[HOUSE_ENGINES];
	struct stat_engine stats[HOUSE_ENGINES];
	struct timer tick; /* keeps a turn of the entered engine from waiting for long */
	uint32_t service_count, vserver_count;
	struct model_service services[HOUSE_ROWS];
	struct model_vserver vservers[HOUSE_ROWS];
	struct model_member members[HOUSE_ROWS][HOUSE_ROWS];
	int listeners[HOUSE_ROWS][HOUSE_ENGINES];
	struct stat_service service_stats[HOUSE_ROWS][HOUSE_ENGINES];
	struct stat_vserver vserver_stats[HOUSE_ROWS][HOUSE_ENGINES];
	const struct model_service *service_rows[HOUSE_ROWS];
	const struct model_vserver *vserver_rows[HOUSE_ROWS];
	struct snapshot snapshot;
	unsigned told[MESSAGE_STOPPED + 1]; /* messages of the engines, by kind */
};

static inline struct address house_loopback(uint16_t port)
{
	struct address address;

	assert_true(address_parse(STR("127.0.0.1"), port, &address));
	return address;
}

static inline struct house *house_new(unsigned engines)
{
	struct house *house = aligned_alloc(64, (sizeof(*house) + 63) & ~(size_t)63);

	assert_true(limits_raise_descriptors() > 0);
	memset(house, 0, sizeof(*house));
	house->engine_count = engines;
	assert_int_equal(loop_init(&house->control), 0);
	house->map = quota_map_new(engines, 64);
	assert_non_null(house->map);
	for (unsigned i = 0; i < engines; i++) {
		struct proxy_limits limits = { .sessions_max = 40000, .servers_max = 40000 };

		assert_int_equal(engine_init(&house->engines[i], i, -1, &house->control, 64 << 20),
				 0);
		house->proxies[i] = proxy_new(&house->engines[i], house->map, &house->stats[i],
					      limits);
		assert_non_null(house->proxies[i]);
	}
	house->snapshot = (struct snapshot){ .services = house->service_rows,
					     .vservers = house->vserver_rows,
					     .header_bytes_max = 24820,
					     .request_timeout_ms = 10000,
					     .keep_idle_max = 64,
					     .client_pool = MODEL_NONE,
					     .request_pool = MODEL_NONE };
	return house;
}

/* A service on `port` of this machine; returns its id. */
static inline uint32_t house_service(struct house *house, uint16_t port, uint32_t max_client)
{
	uint32_t id = house->service_count++;

	house->services[id] = (struct model_service){
		.id = id,
		.name = STR("service"),
		.protocol = PROTOCOL_TCP,
		.address = house_loopback(port),
		.pool = quota_open(house->map, max_client > 0 ? max_client : QUOTA_UNLIMITED, 80,
				   10),
		.max_client = max_client,
		.server_timeout_ms = 60000,
		.connect_timeout_ms = 5000,
		.is_enabled = true,
		.is_up = true,
		.stats = house->service_stats[id],
	};
	house->service_rows[id] = &house->services[id];
	return id;
}

/* A virtual server that is not reachable yet; returns its id. */
static inline uint32_t house_vserver(struct house *house, int64_t limit)
{
	uint32_t id = house->vserver_count++;

	house->vservers[id] = (struct model_vserver){
		.id = id,
		.name = STR("vserver"),
		.protocol = PROTOCOL_TCP,
		.is_enabled = true,
		.method = lb_find(STR("ROUNDROBIN")),
		.members = house->members[id],
		.pool = quota_open(house->map, limit, 80, 10),
		.request_pool = MODEL_NONE,
		.session_pool = MODEL_NONE,
		.backup = MODEL_NONE,
		.client_timeout_ms = 60000,
		.stats = house->vserver_stats[id],
	};
	house->vserver_rows[id] = &house->vservers[id];
	return id;
}

static inline void house_bind(struct house *house, uint32_t vserver, uint32_t service)
{
	house->members[vserver][house->vservers[vserver].member_count++] =
		(struct model_member){ .service = service, .weight = 1 };
}

static inline uint16_t house_port_of(int fd)
{
	struct address local;

	assert_int_equal(socket_local(fd, &local), 0);
	return address_port(&local);
}

/* Makes it reachable on every engine; returns the port. */
static inline uint16_t house_listen(struct house *house, uint32_t vserver)
{
	struct address address = house_loopback(0);

	for (unsigned i = 0; i < house->engine_count; i++) {
		house->listeners[vserver][i] = socket_listen(&address);
		assert_true(house->listeners[vserver][i] >= 0);
		address_set_port(&address, house_port_of(house->listeners[vserver][i]));
	}
	house->vservers[vserver].address = address;
	house->vservers[vserver].listeners = house->listeners[vserver];
	return address_port(&address);
}

static inline void house_send(struct house *house, unsigned engine, struct message message)
{
	assert_true(mailbox_send(&house->engines[engine].inbox, message));
}

static inline void house_send_all(struct house *house, struct message message)
{
	for (unsigned i = 0; i < house->engine_count; i++)
		house_send(house, i, message);
}

static inline void house_read_mail(struct house *house)
{
	struct message message;

	for (unsigned i = 0; i < house->engine_count; i++)
		while (mailbox_take(&house->engines[i].outbox, &message))
			house->told[message.kind]++;
}

/* Lets time pass: a turn of the entered engine, or a moment for the threads. */
static inline void house_pass(struct house *house)
{
	if (house->has_threads)
		poll(NULL, 0, 1);
	else
		loop_turn(&house->engines[0].loop);
	house_read_mail(house);
}

/* Waits for a condition that is bound to come; fails the test when it does not. */
#define house_until(house, condition)                                                              \
	do {                                                                                       \
		uint64_t limit_ms = clock_ms() + HOUSE_PATIENCE_MS;                                \
		while (!(condition) && clock_ms() < limit_ms)                                      \
			house_pass(house);                                                         \
		assert_true(condition);                                                            \
	} while (0)

static inline void house_publish(struct house *house)
{
	unsigned wanted = house->told[MESSAGE_TAKEN] + house->engine_count;

	house->snapshot.number++;
	house->snapshot.service_room = house->service_count;
	house->snapshot.vserver_room = house->vserver_count;
	house_send_all(house,
		       (struct message){ .kind = MESSAGE_SNAPSHOT, .pointer = &house->snapshot });
	house_until(house, house->told[MESSAGE_TAKEN] == wanted);
}

static inline void house_tick(struct timer *timer)
{
	struct house *house = list_entry(timer, struct house, tick);

	timer_arm(&house->engines[0].loop.timers, timer, house->engines[0].loop.now_ms + 1);
}

static inline void house_enter(struct house *house)
{
	assert_int_equal(house->engine_count, 1);
	engine_enter(&house->engines[0]);
	timer_init(&house->tick, house_tick);
	timer_arm(&house->engines[0].loop.timers, &house->tick, 0);
	house->engines[0].begin(&house->engines[0]);
}

static inline void house_start(struct house *house)
{
	house->has_threads = true;
	for (unsigned i = 0; i < house->engine_count; i++)
		assert_int_equal(engine_start(&house->engines[i]), 0);
}

static inline uint64_t house_sum(const void *blocks, size_t size, unsigned count, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += stat_read((const struct stat_number *)(const void *)((const char *)blocks +
									    i * size + offset));
	return sum;
}

#define house_vserver_stat(house, id, field)                                                       \
	house_sum((house)->vserver_stats[id], sizeof(struct stat_vserver), (house)->engine_count,  \
		  offsetof(struct stat_vserver, field))
#define house_service_stat(house, id, field)                                                       \
	house_sum((house)->service_stats[id], sizeof(struct stat_service), (house)->engine_count,  \
		  offsetof(struct stat_service, field))
#define house_engine_stat(house, field)                                                            \
	house_sum((house)->stats, sizeof(struct stat_engine), (house)->engine_count,               \
		  offsetof(struct stat_engine, field))

/* Uses in force, which an engine gives back at the end of its turn, after its counts went down. */
static inline int64_t house_uses(struct house *house, uint32_t pool)
{
	struct quota_view view;

	quota_read(house->map, pool, &view);
	return view.used;
}

/* Nothing is out any more: no client, session, server connection, buffer or use. */
static inline void house_expect_zero(struct house *house)
{
	house_until(house, house_engine_stat(house, sessions) == 0);
	house_until(house, house_engine_stat(house, clients) == 0);
	house_until(house, house_engine_stat(house, servers) == 0);
	house_until(house, house_engine_stat(house, buffers) == 0);
	for (uint32_t id = 0; id < house->vserver_count; id++) {
		house_until(house, house_vserver_stat(house, id, clients) == 0);
		house_until(house, house_uses(house, house->vservers[id].pool) == 0);
	}
	for (uint32_t id = 0; id < house->service_count; id++) {
		assert_int_equal(house_service_stat(house, id, connections), 0);
		assert_int_equal(house_service_stat(house, id, idle), 0);
		assert_int_equal(house_service_stat(house, id, active), 0);
		assert_int_equal(house_service_stat(house, id, waiting), 0);
		house_until(house, house_uses(house, house->services[id].pool) == 0);
	}
}

/* Stops the engines in whatever they do; afterwards every count is zero. */
static inline void house_free(struct house *house)
{
	if (house->has_threads) {
		house_send_all(house, (struct message){ .kind = MESSAGE_STOP });
		for (unsigned i = 0; i < house->engine_count; i++)
			engine_join(&house->engines[i]);
	} else {
		timer_cancel(&house->engines[0].loop.timers, &house->tick);
		house->engines[0].loop.is_stopping = true;
		house->engines[0].end(&house->engines[0]);
		engine_enter(NULL);
	}
	house->has_threads = true;
	house_expect_zero(house);
	for (unsigned i = 0; i < house->engine_count; i++) {
		proxy_free(house->proxies[i]);
		engine_fini(&house->engines[i]);
		for (uint32_t id = 0; id < house->vserver_count; id++)
			if (house->vservers[id].listeners != NULL)
				socket_close(house->listeners[id][i]);
	}
	quota_map_free(house->map);
	loop_fini(&house->control);
	free(house);
}

/* --- clients and origins of the test, with blocking sockets that give up after a while --- */

static inline void house_limit(int fd)
{
	struct timeval patience = { .tv_sec = HOUSE_PATIENCE_MS / 1000 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
}

static inline int house_connect(uint16_t port)
{
	struct address to = house_loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	house_limit(fd);
	assert_int_equal(connect(fd, &to.any, address_length(&to)), 0);
	return fd;
}

/* A listening origin; its port is house_port_of(). */
static inline int house_origin(void)
{
	struct address any = house_loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	house_limit(fd);
	assert_int_equal(bind(fd, &any.any, address_length(&any)), 0);
	assert_int_equal(listen(fd, 4096), 0);
	return fd;
}

static inline int house_accept(int origin)
{
	int fd = accept(origin, NULL, NULL);

	assert_true(fd >= 0);
	house_limit(fd);
	return fd;
}

static inline void house_write(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline void house_expect(int fd, const char *text)
{
	char bytes[256] = { 0 };
	size_t length = strlen(text), got = 0;

	while (got < length) {
		ssize_t count = recv(fd, bytes + got, length - got, 0);

		assert_true(count > 0);
		got += (size_t)count;
	}
	assert_string_equal(bytes, text);
}

static inline void house_expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static inline void house_expect_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_true(errno == ECONNRESET);
}

/* Closes with RST. */
static inline void house_reset(int fd)
{
	socket_reset_on_close(fd);
	close(fd);
}
