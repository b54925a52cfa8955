/* SPDX-License-Identifier: Apache-2.0
 *
 * A client connection goes on from request to request, and every use is given back once: when it is
 * idle for too long, when its engine drains or stops, before the last bytes of its last answer.
 */
#include "http_stage.h"

static void keep_alive_on_both_sides(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	for (int i = 0; i < 100; i++)
		round_trip(client, server);
	close(client);
	client = stage_client(&stage);
	round_trip(client, server);
	close(client);
	close(server);
	stage_expect_quiet(&stage);
	assert_int_equal(stat_read(&stage.service_stats[0].connections_total), 1);
	assert_int_equal(stat_read(&stage.vserver_stats->requests_total), 102);
	assert_int_equal(stat_read(&stage.vserver_stats->responses_total), 102);
	assert_int_equal(stat_read(&stage.service_stats[0].requests_total), 102);
	assert_int_equal(stat_read(&stage.vserver_stats->bytes_in), 102 * strlen(GET));
	assert_int_equal(stat_read(&stage.vserver_stats->bytes_out), 102 * strlen(OK_2));
	assert_int_equal(stat_read(&stage.service_stats[0].bytes_in), 102 * strlen(OK_2));
	assert_int_equal(stat_read(&stage.service_stats[0].bytes_out), 102 * strlen(GET));
}

static void idle_client_is_closed(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server;

	(void)state;
	conf.client_timeout_ms = 100;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_expect_end(client);
	close(client);
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_expect_end(client);
	close(client);
	close(server);
}

static void a_client_that_returns_at_once_finds_room(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server = -1;

	(void)state;
	conf.limit = 1;
	stage_open(&stage, &conf);
	for (int i = 0; i < 50; i++) {
		client = stage_client(&stage);
		stage_send(client, GET_END);
		if (server < 0)
			server = stage_server(&stage, 0);
		stage_expect(server, GET);
		stage_send(server, OK_2);
		stage_expect(client, OK_END);
		stage_expect_end(client);
		close(client);
	}
	assert_int_equal(stat_read(&stage.vserver_stats->refused), 0);
	close(server);
}

static void half_closed_client_is_answered(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	shutdown(client, SHUT_WR);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	usleep(20000);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_expect_end(client);
	close(client);
	close(server);
}

static void client_resets_while_it_waits(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_reset(client);
	stage_expect_reset(server);
	close(server);
	stage_await(&stage.vserver_stats->client_aborts, 1, "client aborts");
}

static void stop_in_every_state(void **state)
{
	struct stage_conf conf = conf_http();
	int fds[16], count = 0, server;

	(void)state;
	conf.max_client[0] = 2;
	stage_open(&stage, &conf);
	fds[count++] = stage_client(&stage);
	fds[count] = stage_client(&stage);
	stage_send(fds[count++], "GET / HT");
	fds[count] = stage_client(&stage);
	stage_send(fds[count++], GET);
	fds[count++] = server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	(void)stage_head(fds[count - 2]);
	fds[count] = stage_client(&stage);
	stage_send(fds[count++], "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
				 "Upgrade: x\r\n\r\n");
	fds[count++] = server = stage_server(&stage, 0);
	(void)stage_head(server);
	stage_send(server, "HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc");
	(void)stage_head(fds[count - 2]);
	fds[count] = stage_client(&stage);
	stage_send(fds[count++], GET);
	stage_await(&stage.service_stats[0].waiting, 1, "waiting");
	stage_close(&stage);
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static void drain_closes_what_is_idle(void **state)
{
	int idle, busy, server;

	(void)state;
	open_default();
	idle = stage_client(&stage);
	busy = stage_client(&stage);
	stage_send(busy, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_await(&stage.engine_stats->accepted, 2, "accepted");
	stage_tell(&stage, MESSAGE_DRAIN, 0, 0, NULL);
	stage_expect_end(idle);
	close(idle);
	stage_send(server, OK_2);
	stage_expect(busy, OK_END);
	stage_expect_end(busy);
	(void)stage_hear(&stage, MESSAGE_DRAINED);
	close(busy);
	close(server);
}

/* Its head could not say yet that the connection ends: that ends all the same. */
static void drain_while_an_answer_is_written(void **state)
{
	uint64_t heard;
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
	stage_expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
	heard = stat_read(&stage.engine_stats->messages);
	stage_tell(&stage, MESSAGE_DRAIN, 0, 0, NULL);
	stage_await(&stage.engine_stats->messages, heard + 1, "messages");
	stage_send(server, "cd");
	stage_expect(client, "cd");
	stage_expect_end(client);
	(void)stage_hear(&stage, MESSAGE_DRAINED);
	close(client);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(keep_alive_on_both_sides),
		row(idle_client_is_closed),
		row(a_client_that_returns_at_once_finds_room),
		row(half_closed_client_is_answered),
		row(client_resets_while_it_waits),
		cmocka_unit_test(stop_in_every_state),
		row(drain_closes_what_is_idle),
		row(drain_while_an_answer_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
