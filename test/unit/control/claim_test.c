/* SPDX-License-Identifier: Apache-2.0
 * A command that asks for an address that somebody else has is taken back whole.
 */
#include "control/claim.h"

#include "os/socket.h"
#include "stage.h"

/* Somebody listens at `*port`. */
static int take_port(unsigned *port)
{
	struct address address = { .v4 = { .sin_family = AF_INET } };
	int fd;

	address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket_listen(&address);
	assert_true(fd >= 0);
	assert_int_equal(socket_local(fd, &address), 0);
	*port = address_port(&address);
	return fd;
}

/* Of a range, those that could have been had go with the others. */
static void ranges_are_whole(void **state)
{
	struct stage *stage = stage_run("");
	unsigned port;
	char line[128];
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver w[1-3] HTTP 127.0.0.[1-3] %u", port);
	assert_int_equal(stage_do(stage, line), 1);
	stage_must_say(stage, "cannot listen on 127.0.0.1:");
	assert_int_equal(config_count(stage->control->config, KIND_VSERVER), 0);
	socket_close(fd);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(config_count(stage->control->config, KIND_VSERVER), 3);
	stage_close(stage);
}

/* One address of three is taken: enable and set change none of them. */
static void ranges_of_others_are_whole(void **state)
{
	struct stage *stage = stage_run("");
	unsigned port;
	char line[128];
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver w[1-3] HTTP 127.0.0.[1-3] %u -state DISABLED",
		 port);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(stage_do(stage, "enable lb vserver w[1-3]"), 1);
	stage_must_say(stage, "cannot listen on 127.0.0.1:");
	assert_null(stage_vserver(stage, "w2")->gate);
	assert_int_equal(stage_do(stage, "enable lb vserver w[2-3]"), 0);
	assert_non_null(stage_vserver(stage, "w3")->gate);
	assert_int_equal(stage_do(stage, "set lb vserver w[2-3] -IPAddress 127.0.0.[1-2]"), 1);
	assert_int_equal(stage_do(stage, "show lb vserver w3"), 0);
	stage_must_say(stage, "address: 127.0.0.3:");
	socket_close(fd);
	assert_int_equal(stage_do(stage, "enable lb vserver w[1-3]"), 0);
	assert_non_null(stage_vserver(stage, "w1")->gate);
	stage_close(stage);
}

/* "*" is an address, too; what does not run asks for none. */
static void every_address_is_one(void **state)
{
	struct stage *stage = stage_run("");
	unsigned port;
	char line[128];
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver w HTTP * %u", port);
	assert_int_equal(stage_do(stage, line), 1);
	stage_must_say(stage, "cannot listen on 0.0.0.0:");
	snprintf(line, sizeof(line), "add lb vserver w UDP 127.0.0.1 %u", port);
	assert_int_equal(stage_do(stage, line), 0);
	socket_close(fd);
	stage_close(stage);
}

/* The stage has 64 pools: what would take more is refused whole, and what runs goes on. */
static void pools_are_counted(void **state)
{
	struct stage *stage = stage_run("");

	(void)state;
	assert_int_equal(stage_do(stage, "add lb vserver v[1-40] HTTP"), 0);
	assert_int_equal(stage_do(stage, "add service s[1-30] 127.0.0.[1-30] HTTP 80"), 1);
	stage_must_say(stage, "pools for 24 more");
	assert_int_equal(config_count(stage->control->config, KIND_SERVICE), 0);
	assert_int_equal(config_count(stage->control->config, KIND_SERVER), 0);
	assert_int_equal(stage_do(stage, "add lb vserver u[1-100] UDP"), 0); /* runs nowhere */
	assert_int_equal(stage_do(stage, "add serviceGroup g HTTP"), 0);
	assert_int_equal(stage_do(stage, "bind serviceGroup g 127.0.0.[1-25] 80"), 1);
	assert_int_equal(stage_do(stage, "bind serviceGroup g 127.0.0.[1-24] 80"), 0);
	assert_int_equal(stage_do(stage, "set lb vserver v1 -soMethod REQUEST -soThreshold 1"), 1);
	stage_must_say(stage, "pools for 0 more");
	assert_int_equal(stage_do(stage, "set spillover param -maxClient 5"), 1);
	assert_int_equal(stage_do(stage, "set lb vserver v1 -comment x"), 0);
	assert_int_equal(stage_do(stage, "show lb vserver v40"), 0);
	stage_close(stage);
}

static void moved_back(void **state)
{
	struct stage *stage = stage_run("");
	unsigned port;
	char line[128];
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver \"two words\" HTTP 127.0.0.2 %u", port);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(stage_do(stage, "set lb vserver \"two words\" -IPAddress 127.0.0.1"), 1);
	assert_non_null(stage_vserver(stage, "two words")->gate);
	assert_int_equal(stage_do(stage, "set lb vserver \"two words\" -IPAddress 127.0.0.3"), 0);
	assert_int_equal(stage_do(stage, "show lb vserver \"two words\""), 0);
	stage_must_say(stage, "address: 127.0.0.3");
	stage_must_say(stage, "listens: yes");
	socket_close(fd);
	stage_close(stage);
}

static void own_addresses_are_free(void **state)
{
	struct stage *stage = stage_run("");
	unsigned port;
	char line[128];
	int fd = take_port(&port);

	(void)state;
	socket_close(fd);
	snprintf(line, sizeof(line), "add lb vserver a HTTP 127.0.0.1 %u", port);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(stage_do(stage, "disable lb vserver a"), 0);
	assert_int_equal(stage_do(stage, "enable lb vserver a"), 0);
	assert_int_equal(stage_do(stage, "rm lb vserver a"), 0);
	assert_int_equal(stage_do(stage, line), 0);
	assert_non_null(stage_vserver(stage, "a")->gate);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_whole),
		cmocka_unit_test(ranges_of_others_are_whole),
		cmocka_unit_test(every_address_is_one),
		cmocka_unit_test(pools_are_counted),
		cmocka_unit_test(moved_back),
		cmocka_unit_test(own_addresses_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
