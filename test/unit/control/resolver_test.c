/* SPDX-License-Identifier: Apache-2.0
 * A server with a name is down until it is resolved and says why; what was learned is kept when the
 * name server falls silent.
 */
#include "control/resolver.h"

#include "control/dns.h"
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
static void serve(struct stage *stage, unsigned last)
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
	bytes[2] |= 0x80;
	bytes[7] = 1;
	memcpy(bytes + count, record, sizeof(record));
	assert_true(socket_send_to(name_server, bytes, (size_t)count + sizeof(record), &from) > 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(name_is_resolved_and_followed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
