/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that finds no room is answered at once and the client may ask again on the same
 * connection; one that has room is served.
 */
#include "http_stage.h"

static void a_full_one_says_so_and_stays(void **state)
{
	struct stage_conf conf = conf_http();
	int client, other, server;

	(void)state;
	conf.request_limit = 1;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	other = stage_client(&stage);
	stage_send(other, GET);
	assert_non_null(strstr(stage_head(other), "HTTP/1.1 503 "));
	stage_expect(other, "503 Service Unavailable\n");
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_send(other, GET);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(other, OK_2);
	close(client);
	close(other);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_full_one_says_so_and_stays, close_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
