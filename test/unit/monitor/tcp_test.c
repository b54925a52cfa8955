/* SPDX-License-Identifier: Apache-2.0
 * Who takes the connection is well; who refuses it, or cannot be reached, is not.
 */
#include "asking.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;
static struct server server;

static void test_tcp(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	server_init(&server, &loop);
	asking_run(&asking, &loop, &tcp_kind, &conf, &server.at, STR(""));
	assert_true(asking.is_good);
	assert_string_equal(asking.text, "connected");
	server_close(&server);
	asking_run(&asking, &loop, &tcp_kind, &conf, &server.at, STR(""));
	assert_false(asking.is_good);
	assert_string_equal(asking.text, "connection refused");
	loop_fini(&loop);
}

/* A broadcast address takes no connection, and says so at once. */
static void test_unreachable(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;
	struct address nowhere;

	(void)state;
	must(loop_init(&loop) == 0);
	must(address_parse(STR("255.255.255.255"), 80, &nowhere));
	asking_run(&asking, &loop, &tcp_kind, &conf, &nowhere, STR(""));
	assert_false(asking.is_good);
	assert_true(strlen(asking.text) > 0);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
