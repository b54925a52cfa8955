/* SPDX-License-Identifier: Apache-2.0
 * A server with a name is down until it is resolved and says why; what was learned is kept when the
 * name server falls silent.
 */
#include "control/resolver.h"

#include "base/dns.h"
#include "os/socket.h"
#include "stage.h"

#include <sys/socket.h>

static int name_server;
static uint16_t name_server_port;

static void open_name_server(void)
{
	struct address address = { .v4 = { .sin_family = AF_INET } };

	address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	name_server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(name_server >= 0);
	assert_int_equal(bind(name_server, &address.any, sizeof(address.v4)), 0);
	assert_int_equal(socket_local(name_server, &address), 0);
	name_server_port = address_port(&address);
}

/* One question is answered with 127.0.0.`last`. */
static void serve_with(struct stage *stage, unsigned last, unsigned records, bool is_cut)
{
	unsigned char bytes[512], record[] = { 0xc0, 12, 0, 1, 0,   1, 0, 0,
					       0,    60, 0, 4, 127, 0, 0, (unsigned char)last };
	struct address from;
	ssize_t count = -1;

	for (unsigned i = 0; i < STAGE_TURNS && count < 0; i++) {
		stage_turn(stage);
		count = socket_receive_from(name_server, bytes, sizeof(bytes), &from);
	}
	assert_true(count > 0);
	bytes[2] |= is_cut ? 0x82 : 0x80;
	bytes[7] = (unsigned char)records;
	memcpy(bytes + count, record, sizeof(record));
	assert_true(socket_send_to(name_server, bytes,
				   (size_t)count + (records > 0 ? sizeof(record) : 0), &from) > 0);
}

static void serve(struct stage *stage, unsigned last)
{
	serve_with(stage, last, 1, false);
}

/* Likewise over TCP. */
static void serve_stream(struct stage *stage, int listener, unsigned last)
{
	unsigned char bytes[512], record[] = { 0xc0, 12, 0, 1, 0,   1, 0, 0,
					       0,    60, 0, 4, 127, 0, 0, (unsigned char)last };
	struct iovec part = { bytes, 0 };
	struct address peer;
	ssize_t count = -1;
	int fd = -1;

	for (unsigned i = 0; i < STAGE_TURNS && count < 2; i++) {
		stage_turn(stage);
		if (fd < 0)
			fd = socket_accept(listener, &peer);
		if (fd >= 0)
			count = socket_read(fd, bytes, sizeof(bytes));
	}
	assert_true(count > 2 && bytes[1] == count - 2);
	bytes[1] = (unsigned char)(bytes[1] + sizeof(record));
	bytes[2 + 2] |= 0x80;
	bytes[2 + 7] = 1;
	memcpy(bytes + count, record, sizeof(record));
	part.iov_len = (size_t)count + sizeof(record);
	assert_int_equal(socket_write(fd, &part, 1), (ssize_t)part.iov_len);
	socket_close(fd);
}

static const struct object *server_of(struct stage *stage)
{
	return config_find(stage->control->config, KIND_SERVER, STR("host"));
}

static void wait_known(struct stage *stage)
{
	for (unsigned i = 0; i < STAGE_TURNS && !server_of(stage)->learned.is_known; i++)
		stage_turn(stage);
	assert_true(server_of(stage)->learned.is_known);
}

static void name_is_resolved_and_followed(void **state)
{
	char line[128];
	struct stage *stage;
	struct runtime_service *service;

	(void)state;
	open_name_server();
	stage = stage_run("add server host web.example\n"
			  "add service a host TCP 9001 -healthMonitor NO\n");
	service = stage_service(stage, "a");
	assert_int_equal(service->state, STATE_UNKNOWN);
	assert_non_null(strstr(service->why, "server host: there is no dns nameServer"));
	snprintf(line, sizeof(line), "add dns nameServer 127.0.0.1 -port %u", name_server_port);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(stage_do(stage, "set server host -domainResolveNow"), 0);
	serve(stage, 7);
	wait_known(stage);
	stage_turns(stage, 3);
	assert_int_equal(service->state, STATE_UP);
	assert_int_equal(address_port(&service->plan->address), 9001);
	assert_int_equal(stage_do(stage, "show server host"), 0);
	stage_must_say(stage, "address: 127.0.0.7");
	assert_int_equal(stage_do(stage, "set server host -domainResolveNow"), 0);
	serve(stage, 8);
	for (unsigned i = 0; i < STAGE_TURNS && !stage_said(stage, "127.0.0.8"); i++)
		assert_int_equal(stage_do(stage, "show server host"), 0);
	stage_must_say(stage, "address: 127.0.0.8");
	/* An edit of something else forgets nothing. */
	assert_int_equal(stage_do(stage, "set server host -comment x"), 0);
	assert_int_equal(service->state, STATE_UP);
	/* Another name is another server. */
	assert_int_equal(stage_do(stage, "set server host -IPAddress other.example"), 0);
	assert_int_equal(service->state, STATE_UNKNOWN);
	assert_int_equal(stage_do(stage, "rm service a"), 0);
	assert_int_equal(stage_do(stage, "rm server host"), 0);
	stage_close(stage);
	socket_close(name_server);
}

static void wait_shown(struct stage *stage, const char *address)
{
	for (unsigned i = 0; i < STAGE_TURNS && !stage_said(stage, address); i++)
		assert_int_equal(stage_do(stage, "show server host"), 0);
	stage_must_say(stage, address);
}

/* A truncated answer is asked for again over TCP; where nobody answers there, what came is taken.
 */
static void a_truncated_answer_comes_over_tcp(void **state)
{
	struct address address;
	struct stage *stage;
	char line[128];
	int listener;

	(void)state;
	open_name_server();
	assert_true(address_parse(STR("127.0.0.1"), name_server_port, &address));
	listener = socket_listen(&address);
	if (listener < 0) {
		socket_close(name_server);
		skip();
	}
	snprintf(line, sizeof(line),
		 "add dns nameServer 127.0.0.1 -port %u\nadd server host web.example\n",
		 name_server_port);
	stage = stage_run(line);
	serve_with(stage, 0, 0, true);
	serve_stream(stage, listener, 7);
	wait_known(stage);
	wait_shown(stage, "address: 127.0.0.7");
	socket_close(listener);
	assert_int_equal(stage_do(stage, "set server host -domainResolveNow"), 0);
	serve_with(stage, 8, 1, true);
	wait_shown(stage, "address: 127.0.0.8");
	stage_close(stage);
	socket_close(name_server);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(name_is_resolved_and_followed),
					    cmocka_unit_test(a_truncated_answer_comes_over_tcp) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
