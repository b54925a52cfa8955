/* SPDX-License-Identifier: Apache-2.0
 * stage.h - one real engine with one virtual server and its services, and the sockets of clients
 * and servers that a test plays by itself, in one thread and in the order that it writes down.
 *
 * Every wait ends: reads give up after STAGE_PATIENCE_S, and the test fails.
 */
#pragma once

#include "base/arena.h"
#include "lb/lb.h"
#include "os/socket.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { STAGE_SERVICES = 2, STAGE_PATIENCE_S = 20, STAGE_TEXT_MAX = 1 << 20 };

/* What a test may set before stage_open(). */
struct stage_conf {
	enum protocol protocol;
	uint32_t services, max_client[STAGE_SERVICES];
	uint32_t client_timeout_ms, server_timeout_ms, connect_timeout_ms, request_timeout_ms;
	uint32_t max_requests, header_bytes_max;
	size_t buffer_bytes_max;
	int64_t limit;         /* of the virtual server's clients; 0: none */
	int64_t request_limit; /* of its requests in flight; likewise */
	const char *client_ip_field;
	const char *redirect_url;
	bool is_closed[STAGE_SERVICES]; /* nobody listens there */
};

struct stage {
	struct stage_conf conf;
	struct loop control;
	struct engine engine;
	struct quota_map *map;
	struct proxy *proxy;
	struct stat_vserver *vserver_stats;
	struct stat_service *service_stats; /* of service 0, then 1 */
	struct stat_engine *engine_stats;
	struct address front, servers[STAGE_SERVICES];
	int listener;                         /* of the virtual server; the engine watches it */
	int server_listeners[STAGE_SERVICES]; /* ours */
	uint32_t vserver_pool, request_pool, service_pools[STAGE_SERVICES];
	struct snapshot *snapshot;
	uint64_t snapshot_number;
};

static inline void *stage_zeroed(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	assert_non_null(memory);
	memset(memory, 0, size);
	return memory;
}

static inline int stage_listen(struct address *address)
{
	int fd;

	assert_true(address_parse(STR("127.0.0.1"), 0, address));
	fd = socket_listen(address);
	assert_true(fd >= 0);
	assert_int_equal(socket_local(fd, address), 0);
	return fd;
}

static inline void stage_tell(struct stage *stage, enum message_kind kind, uint32_t id,
			      uint64_t number, const void *pointer)
{
	struct message message = { kind, id, number, pointer };

	assert_true(mailbox_send(&stage->engine.inbox, message));
}

/* Until the engine says something of this kind; other messages are dropped. */
static inline struct message stage_hear(struct stage *stage, enum message_kind kind)
{
	time_t until = time(NULL) + STAGE_PATIENCE_S;
	struct message message;

	while (time(NULL) < until) {
		while (mailbox_take(&stage->engine.outbox, &message))
			if (message.kind == kind)
				return message;
		usleep(200);
	}
	fail_msg("the engine does not say %d", (int)kind);
	return message;
}

/* Until `number` has the value. */
static inline void stage_await(const struct stat_number *number, uint64_t value, const char *what)
{
	time_t until = time(NULL) + STAGE_PATIENCE_S;

	while (stat_read(number) != value) {
		if (time(NULL) >= until)
			fail_msg("%s is %lu, not %lu", what, (unsigned long)stat_read(number),
				 (unsigned long)value);
		usleep(200);
	}
}

static inline struct snapshot *stage_build(struct stage *stage)
{
	struct arena *arena = arena_new();
	struct snapshot *snapshot = arena_one(arena, struct snapshot);
	const struct stage_conf *conf = &stage->conf;
	struct model_service **services = arena_many(arena, struct model_service *, STAGE_SERVICES);
	struct model_vserver **vservers = arena_many(arena, struct model_vserver *, 1);
	struct model_member *members = arena_many(arena, struct model_member, STAGE_SERVICES);

	for (uint32_t i = 0; i < conf->services; i++) {
		services[i] = arena_one(arena, struct model_service);
		*services[i] = (struct model_service){
			.id = i,
			.name = STR("service"),
			.protocol = conf->protocol,
			.address = stage->servers[i],
			.pool = stage->service_pools[i],
			.max_client = conf->max_client[i],
			.max_requests_per_connection = conf->max_requests,
			.server_timeout_ms = conf->server_timeout_ms,
			.connect_timeout_ms = conf->connect_timeout_ms,
			.is_enabled = true,
			.is_up = true,
			.client_ip_field = str_of(conf->client_ip_field),
			.stats = &stage->service_stats[i],
		};
		members[i] = (struct model_member){ .service = i, .weight = 1 };
	}
	vservers[0] = arena_one(arena, struct model_vserver);
	*vservers[0] = (struct model_vserver){
		.id = 0,
		.name = STR("web"),
		.protocol = conf->protocol,
		.address = stage->front,
		.listeners = &stage->listener,
		.is_enabled = true,
		.method = lb_find(STR("ROUNDROBIN")),
		.members = members,
		.member_count = conf->services,
		.pool = stage->vserver_pool,
		.request_pool = stage->request_pool,
		.session_pool = MODEL_NONE,
		.backup = MODEL_NONE,
		.redirect_url = str_of(conf->redirect_url),
		.client_timeout_ms = conf->client_timeout_ms,
		.stats = stage->vserver_stats,
	};
	*snapshot = (struct snapshot){
		.number = ++stage->snapshot_number,
		.arena = arena,
		.services = (const struct model_service *const *)services,
		.service_room = STAGE_SERVICES,
		.vservers = (const struct model_vserver *const *)vservers,
		.vserver_room = 1,
		.header_bytes_max = conf->header_bytes_max,
		.request_timeout_ms = conf->request_timeout_ms,
		.keep_idle_max = 16,
		.client_pool = MODEL_NONE,
		.request_pool = MODEL_NONE,
	};
	return snapshot;
}

static inline struct stage_conf stage_defaults(enum protocol protocol)
{
	return (struct stage_conf){
		.protocol = protocol,
		.services = 1,
		.client_timeout_ms = 60000,
		.server_timeout_ms = 60000,
		.connect_timeout_ms = 20000,
		.request_timeout_ms = 20000,
		.header_bytes_max = 24820,
		.buffer_bytes_max = 64 << 20,
		.redirect_url = "",
		.client_ip_field = "",
	};
}

static inline void stage_open(struct stage *stage, const struct stage_conf *conf)
{
	struct proxy_limits limits = { .sessions_max = 4096, .servers_max = 4096 };

	memset(stage, 0, sizeof(*stage));
	stage->conf = *conf;
	stage->vserver_stats = stage_zeroed(sizeof(struct stat_vserver));
	stage->service_stats = stage_zeroed(STAGE_SERVICES * sizeof(struct stat_service));
	stage->engine_stats = stage_zeroed(sizeof(struct stat_engine));
	stage->listener = stage_listen(&stage->front);
	stage->map = quota_map_new(1, 8);
	assert_non_null(stage->map);
	stage->vserver_pool = quota_open(stage->map,
					 conf->limit > 0 ? conf->limit : QUOTA_UNLIMITED, 80, 10);
	stage->request_pool = conf->request_limit > 0
				      ? quota_open(stage->map, conf->request_limit, 80, 10)
				      : QUOTA_NONE;
	for (uint32_t i = 0; i < conf->services; i++) {
		stage->server_listeners[i] = stage_listen(&stage->servers[i]);
		if (conf->is_closed[i]) {
			socket_close(stage->server_listeners[i]);
			stage->server_listeners[i] = -1;
		}
		stage->service_pools[i] = quota_open(
			stage->map, conf->max_client[i] > 0 ? conf->max_client[i] : QUOTA_UNLIMITED,
			80, 10);
	}
	assert_int_equal(loop_init(&stage->control), 0);
	assert_int_equal(
		engine_init(&stage->engine, 0, -1, &stage->control, conf->buffer_bytes_max), 0);
	stage->proxy = proxy_new(&stage->engine, stage->map, stage->engine_stats, limits);
	assert_non_null(stage->proxy);
	assert_int_equal(engine_start(&stage->engine), 0);
	stage->snapshot = stage_build(stage);
	stage_tell(stage, MESSAGE_SNAPSHOT, 0, 0, stage->snapshot);
	assert_int_equal(stage_hear(stage, MESSAGE_TAKEN).number, 1);
}

/* Every session has ended; what it held is back. Idle server connections may be left. */
static inline void stage_expect_quiet(struct stage *stage)
{
	stage_await(&stage->engine_stats->sessions, 0, "sessions");
	stage_await(&stage->engine_stats->clients, 0, "clients");
	stage_await(&stage->vserver_stats->clients, 0, "clients of the virtual server");
	stage_await(&stage->vserver_stats->requests_active, 0, "requests under way");
	stage_await(&stage->engine_stats->buffers, 0, "buffers");
	for (uint32_t i = 0; i < stage->conf.services; i++) {
		stage_await(&stage->service_stats[i].active, 0, "busy server connections");
		stage_await(&stage->service_stats[i].waiting, 0, "waiting sessions");
	}
}

static inline void stage_close(struct stage *stage)
{
	struct quota_view view;

	stage_tell(stage, MESSAGE_STOP, 0, 0, NULL);
	engine_join(&stage->engine);
	assert_int_equal(stat_read(&stage->engine_stats->sessions), 0);
	assert_int_equal(stat_read(&stage->engine_stats->clients), 0);
	assert_int_equal(stat_read(&stage->engine_stats->servers), 0);
	assert_int_equal(stat_read(&stage->vserver_stats->requests_active), 0);
	proxy_free(stage->proxy);
	engine_fini(&stage->engine);
	loop_fini(&stage->control);
	quota_read(stage->map, stage->vserver_pool, &view);
	assert_int_equal(view.used, 0);
	for (uint32_t i = 0; i < stage->conf.services; i++) {
		quota_read(stage->map, stage->service_pools[i], &view);
		assert_int_equal(view.used, 0);
		if (stage->server_listeners[i] >= 0)
			close(stage->server_listeners[i]);
	}
	quota_map_free(stage->map);
	snapshot_free(stage->snapshot);
	close(stage->listener);
	free(stage->vserver_stats);
	free(stage->service_stats);
	free(stage->engine_stats);
}

/* --- sockets of the test: blocking, with a limit on patience --- */

static inline void stage_make_patient(int fd)
{
	struct timeval patience = { .tv_sec = STAGE_PATIENCE_S };

	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
}

static inline int stage_client(struct stage *stage)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	stage_make_patient(fd);
	assert_int_equal(connect(fd, &stage->front.any, address_length(&stage->front)), 0);
	return fd;
}

/* The next connection that the proxy opens to a service. */
static inline int stage_server(struct stage *stage, uint32_t service)
{
	struct pollfd wait = { .fd = stage->server_listeners[service], .events = POLLIN };
	int fd;

	assert_int_equal(poll(&wait, 1, STAGE_PATIENCE_S * 1000), 1);
	fd = accept(stage->server_listeners[service], NULL, NULL);
	assert_true(fd >= 0);
	stage_make_patient(fd);
	return fd;
}

static inline bool stage_has_server(struct stage *stage, uint32_t service, int within_ms)
{
	struct pollfd wait = { .fd = stage->server_listeners[service], .events = POLLIN };

	return poll(&wait, 1, within_ms) == 1;
}

static inline void stage_send_bytes(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t done = send(fd, at, length, MSG_NOSIGNAL);

		if (done <= 0)
			fail_msg("send: %s", strerror(errno));
		at += done;
		length -= (size_t)done;
	}
}

static inline void stage_send(int fd, const char *text)
{
	stage_send_bytes(fd, text, strlen(text));
}

/* Reads exactly as many bytes as the text has, and they are the text. */
static inline void stage_expect(int fd, const char *text)
{
	size_t length = strlen(text), have = 0;
	char *got = calloc(1, length + 1);

	assert_non_null(got);
	while (have < length) {
		ssize_t done = recv(fd, got + have, length - have, 0);

		if (done <= 0) {
			print_error("expected:\n%s\ngot only:\n%s\n(%s)\n", text, got,
				    done == 0 ? "end" : strerror(errno));
			fail();
		}
		have += (size_t)done;
	}
	assert_string_equal(got, text);
	free(got);
}

/* Reads to the end of a head; the bytes after it stay in the socket. Static storage. */
static inline const char *stage_head(int fd)
{
	static char head[65536];
	size_t have = 0;

	while (have < sizeof(head) - 1) {
		ssize_t done = recv(fd, head + have, 1, 0);

		if (done <= 0) {
			print_error("got only:\n%.*s\n(%s)\n", (int)have, head,
				    done == 0 ? "end" : strerror(errno));
			fail();
		}
		head[++have] = '\0';
		if (have >= 4 && memcmp(head + have - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	return head;
}

static inline void stage_expect_end(int fd)
{
	char byte;
	ssize_t done = recv(fd, &byte, 1, 0);

	if (done != 0)
		fail_msg("expected the end, got %s", done > 0 ? "a byte" : strerror(errno));
}

static inline void stage_expect_reset(int fd)
{
	char bytes[4096];
	ssize_t done = 1;

	while (done > 0)
		done = recv(fd, bytes, sizeof(bytes), 0);
	if (done == 0 || errno != ECONNRESET)
		fail_msg("expected a reset, got %s", done == 0 ? "the end" : strerror(errno));
}

static inline void stage_reset(int fd)
{
	socket_reset_on_close(fd);
	close(fd);
}
