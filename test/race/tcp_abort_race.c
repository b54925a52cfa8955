/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP clients and servers that stop, close their halves, cut and reset at any moment, while an
 * operator cuts services off and publishes anew. No byte of one connection is seen in another or
 * out of its place, what came before an orderly end comes whole, and when all have gone every count
 * is zero. Sockets hold little, where the test may have a network of its own.
 *
 * A client says a line with its number, how much the server shall send and how both shall end;
 * every byte after that tells by its place and number whose it is.
 */
#include "../unit/proxy/stage.h"
#include "small_sockets.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	CLIENTS = 6,
	SERVERS = 6, /* threads for each service */
	SESSIONS = 200,
	BULK_MAX = 400000,
	IDLE_MS = 300
};

enum kind { KIND_ORDERLY, KIND_SERVER_CUTS, KIND_SERVER_RESETS, KIND_CLIENT_LEAVES, KIND_COUNT };

static struct stage stage;
static _Atomic bool is_over;
static _Atomic unsigned faults, whole;
static _Atomic uint32_t next_id = 1;
static _Thread_local uint64_t seed;

static void fault(const char *what, uint32_t id)
{
	if (atomic_fetch_add(&faults, 1) < 10)
		print_error("connection %u: %s\n", id, what);
}

static unsigned dice(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % sides);
}

static char byte_of(uint32_t id, size_t at)
{
	return (char)('a' + (id * 31 + at * 7 + at / 251) % 26);
}

/* Both directions of one end: what it still has to say, and what it has heard. */
struct talk {
	int fd;
	uint32_t id;
	size_t to_say, said, heard;
	bool has_shut, has_end;
};

/* False: the connection broke. */
static bool say(struct talk *talk)
{
	char bytes[4096];
	size_t part = talk->to_say - talk->said;
	ssize_t done;

	if (part > sizeof(bytes))
		part = 1 + dice(sizeof(bytes));
	for (size_t i = 0; i < part; i++)
		bytes[i] = byte_of(talk->id, talk->said + i);
	done = part > 0 ? send(talk->fd, bytes, part, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	if (done < 0)
		return errno == EAGAIN;
	talk->said += (size_t)done;
	if (talk->said == talk->to_say && !talk->has_shut) {
		shutdown(talk->fd, SHUT_WR);
		talk->has_shut = true;
	}
	return true;
}

static bool hear(struct talk *talk)
{
	char bytes[8192];
	ssize_t done = recv(talk->fd, bytes, 1 + dice(sizeof(bytes)), MSG_DONTWAIT);

	if (done < 0)
		return errno == EAGAIN;
	for (ssize_t i = 0; i < done; i++)
		if (bytes[i] != byte_of(talk->id, talk->heard + (size_t)i)) {
			fault("a byte that is not its own", talk->id);
			return false;
		}
	talk->heard += (size_t)done;
	talk->has_end = done == 0;
	return true;
}

/* Until both halves have ended (true), so much was said and heard, or it broke. */
static bool go_on(struct talk *talk, size_t most)
{
	while (talk->said + talk->heard < most) {
		struct pollfd wait = { .fd = talk->fd };

		if (talk->has_shut && talk->has_end)
			return true;
		wait.events = (short)((talk->has_end ? 0 : POLLIN) |
				      (talk->has_shut ? 0 : POLLOUT));
		if (poll(&wait, 1, 2000) != 1)
			return false;
		if ((!talk->has_shut && !say(talk)) || (!talk->has_end && !hear(talk)))
			return false;
		if (dice(200) == 0)
			usleep(dice(2000));
	}
	return false;
}

/* --- the servers --- */

static bool take_line(int fd, char line[64])
{
	for (size_t length = 0; length < 63; length++) {
		if (recv(fd, line + length, 1, 0) != 1)
			return false;
		if (line[length] == '\n') {
			line[length] = '\0';
			return true;
		}
	}
	return false;
}

static void serve(int fd)
{
	struct talk talk = { .fd = fd };
	unsigned kind, id;
	size_t upload;
	char line[64];

	if (take_line(fd, line) &&
	    sscanf(line, "%u %u %zu %zu", &id, &kind, &upload, &talk.to_say) == 4) {
		talk.id = id;
		if (kind == KIND_ORDERLY || kind == KIND_CLIENT_LEAVES) {
			if (go_on(&talk, SIZE_MAX) && kind == KIND_ORDERLY && talk.heard != upload)
				fault("what was cut looks whole to the server", id);
		} else {
			(void)go_on(&talk, dice((unsigned)(upload + talk.to_say) + 1));
			if (kind == KIND_SERVER_RESETS)
				socket_reset_on_close(fd);
		}
	}
	close(fd);
}

static void *run_server(void *argument)
{
	uintptr_t number = (uintptr_t)argument;
	int listener = stage.server_listeners[number % STAGE_SERVICES];

	seed = 0xABCDEF123 + number * 7777777;
	while (!is_over) {
		struct pollfd wait = { .fd = listener, .events = POLLIN };
		int fd = poll(&wait, 1, 50) == 1 ? accept(listener, NULL, NULL) : -1;

		if (fd < 0)
			continue;
		stage_make_patient(fd);
		serve(fd);
	}
	return NULL;
}

/* --- the clients --- */

static size_t some_bulk(void)
{
	return dice(3) ? dice(3000) : dice(BULK_MAX);
}

static void visit(int fd)
{
	unsigned kind = dice(2) ? KIND_ORDERLY : dice(KIND_COUNT);
	struct talk talk = { .fd = fd, .id = atomic_fetch_add(&next_id, 1), .to_say = some_bulk() };
	size_t answer = some_bulk();
	char line[64];
	int length = snprintf(line, sizeof(line), "%u %u %zu %zu\n", talk.id, kind, talk.to_say,
			      answer);

	if (send(fd, line, (size_t)length, MSG_NOSIGNAL) != length)
		return;
	if (kind == KIND_CLIENT_LEAVES) {
		(void)go_on(&talk, dice((unsigned)(talk.to_say + answer) + 1));
		if (dice(2))
			socket_reset_on_close(fd);
	} else if (go_on(&talk, SIZE_MAX) && kind == KIND_ORDERLY) {
		atomic_fetch_add(&whole, 1);
		if (talk.heard != answer)
			fault("what was cut looks whole to the client", talk.id);
	}
}

static void *run_client(void *argument)
{
	seed = 0x123456789 + (uint64_t)(uintptr_t)argument * 99991;
	for (unsigned i = 0; i < SESSIONS; i++) {
		int fd = stage_client(&stage);

		visit(fd);
		close(fd);
	}
	return NULL;
}

/* --- the operator --- */

static void publish(void)
{
	struct snapshot *old = stage.snapshot;

	stage.conf.max_client[0] = 1 + dice(SERVERS);
	stage.snapshot = stage_build(&stage);
	stage_tell(&stage, MESSAGE_SNAPSHOT, 0, 0, stage.snapshot);
	assert_int_equal(stage_hear(&stage, MESSAGE_TAKEN).number, stage.snapshot_number);
	snapshot_free(old);
}

static void *run_operator(void *argument)
{
	(void)argument;
	seed = 0x5EED;
	while (!is_over) {
		uint32_t service = dice(STAGE_SERVICES);

		usleep(1000 * dice(IDLE_MS / 4));
		if (dice(6) == 0)
			stage_tell(&stage, MESSAGE_CUT_SERVICE, service, 0, NULL);
		else if (dice(3) == 0)
			publish();
		else
			stage_tell(&stage, MESSAGE_SERVICE_STATE, service, dice(3) > 0, NULL);
	}
	return NULL;
}

/* --- the world --- */

static void anything_may_break(void **state)
{
	struct stage_conf conf = stage_defaults(PROTOCOL_TCP);
	pthread_t clients[CLIENTS], servers[SERVERS * STAGE_SERVICES], operator;

	(void)state;
	conf.services = STAGE_SERVICES;
	conf.max_client[0] = conf.max_client[1] = SERVERS / 2;
	conf.limit = CLIENTS;
	conf.client_timeout_ms = conf.server_timeout_ms = IDLE_MS;
	stage_open(&stage, &conf);
	for (uintptr_t i = 0; i < SERVERS * STAGE_SERVICES; i++)
		assert_int_equal(pthread_create(&servers[i], NULL, run_server, (void *)i), 0);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients[i], NULL, run_client, (void *)i), 0);
	assert_int_equal(pthread_create(&operator, NULL, run_operator, NULL), 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_join(clients[i], NULL), 0);
	stage_expect_quiet(&stage);
	is_over = true;
	assert_int_equal(pthread_join(operator, NULL), 0);
	for (unsigned i = 0; i < SERVERS * STAGE_SERVICES; i++)
		assert_int_equal(pthread_join(servers[i], NULL), 0);
	stage_close(&stage);
	print_message("%u connections were whole\n", whole);
	assert_int_equal(faults, 0);
	assert_true(whole > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(anything_may_break) };

	if (!small_sockets_begin())
		print_message("sockets hold as much as they do here\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
