/* SPDX-License-Identifier: Apache-2.0
 *
 * A request finds a server: another one when the first refuses, a place in line when all are full,
 * a fresh connection when a reused one turns out to have ended. Nothing is sent twice that must not
 * be.
 */
#include "http_stage.h"

static void reused_connection_that_ended_is_replaced(void **state)
{
	int client, server, second;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_send(client, GET);
	stage_expect(server, GET);
	close(server);
	second = stage_server(&stage, 0);
	stage_expect(second, GET);
	stage_send(second, OK_2);
	stage_expect(client, OK_2);
	assert_int_equal(stat_read(&stage.service_stats[0].retries), 1);
	/* The same with a reset, and the fresh one ends too. */
	stage_send(client, GET);
	stage_expect(second, GET);
	stage_reset(second);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	close(server);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 502 Bad Gateway"));
	close(client);
}

static void post_is_not_repeated(void **state)
{
	const char *post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_send(client, post);
	stage_expect(server, post);
	close(server);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 502 Bad Gateway"));
	assert_false(stage_has_server(&stage, 0, 50));
	close(client);
}

static void refused_connect_tries_the_next(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server = -1;

	(void)state;
	conf.services = 2;
	conf.is_closed[0] = true;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	for (int i = 0; i < 4; i++) {
		stage_send(client, GET);
		if (server < 0)
			server = stage_server(&stage, 1);
		stage_expect(server, GET);
		stage_send(server, OK_2);
		stage_expect(client, OK_2);
	}
	assert_true(stat_read(&stage.service_stats[0].connect_failures) > 0);
	close(client);
	close(server);
}

static void nobody_listens(void **state)
{
	struct stage_conf conf = conf_http();
	const char *head;
	int client;

	(void)state;
	conf.is_closed[0] = true;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, GET);
	head = stage_head(client);
	assert_non_null(strstr(head, "HTTP/1.1 503 "));
	assert_non_null(strstr(head, "Retry-After: "));
	assert_int_equal(stat_read(&stage.vserver_stats->bad_gateways), 1);
	close(client);
}

static void full_service_makes_a_line(void **state)
{
	struct stage_conf conf = conf_http();
	int clients[5], server = -1;

	(void)state;
	conf.max_client[0] = 1;
	stage_open(&stage, &conf);
	for (int i = 0; i < 5; i++) {
		clients[i] = stage_client(&stage);
		stage_send(clients[i], GET);
		if (i == 0) {
			server = stage_server(&stage, 0);
			stage_expect(server, GET);
		} else {
			stage_await(&stage.service_stats[0].waiting, (uint64_t)i, "waiting");
		}
	}
	/* One gives up. */
	stage_reset(clients[2]);
	stage_await(&stage.service_stats[0].waiting, 3, "waiting");
	for (int i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		if (i > 0)
			stage_expect(server, GET);
		stage_send(server, OK_2);
		stage_expect(clients[i], OK_2);
		close(clients[i]);
	}
	assert_false(stage_has_server(&stage, 0, 20));
	close(server);
}

static void client_address_goes_to_the_server(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server;

	(void)state;
	conf.client_ip_field = "X-Client";
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, "GET / HTTP/1.1\r\nHost: a\r\nX-Client: 1.2.3.4\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, "GET / HTTP/1.1\r\nHost: a\r\nX-Client: 127.0.0.1\r\n\r\n");
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "1\r\na\r\n0\r\nX_client: 1.2.3.4\r\nB: c\r\n\r\n");
	stage_expect(server, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
			     "X-Client: 127.0.0.1\r\n\r\n1\r\na\r\n0\r\nB: c\r\n\r\n");
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	close(client);
	close(server);
}

static void server_connections_are_spared(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server;

	(void)state;
	conf.max_requests = 2;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	for (int i = 0; i < 3; i++) {
		stage_send(client, GET);
		server = stage_server(&stage, 0);
		stage_expect(server, GET);
		stage_send(server, OK_2);
		stage_expect(client, OK_2);
		round_trip(client, server);
		stage_expect_end(server);
		close(server);
	}
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(reused_connection_that_ended_is_replaced),
		row(post_is_not_repeated),
		row(refused_connect_tries_the_next),
		row(nobody_listens),
		row(full_service_makes_a_line),
		row(client_address_goes_to_the_server),
		row(server_connections_are_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
