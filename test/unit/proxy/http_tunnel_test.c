/* SPDX-License-Identifier: Apache-2.0
 *
 * After 101 bytes pass both ways, with half-close; a refused upgrade goes on as HTTP.
 */
#include "http_stage.h"

static void upgrade_becomes_a_tunnel(void **state)
{
	const char *ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
			  "Upgrade: websocket\r\n\r\n";
	const char *switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
			       "Upgrade: websocket\r\n\r\n";
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, ask);
	server = stage_server(&stage, 0);
	stage_expect(server, ask);
	/* Refused: goes on as HTTP. */
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	stage_send(client, ask);
	stage_send(client, "early");
	stage_expect(server, ask);
	stage_send(server, switched);
	stage_send(server, "hello");
	stage_expect(client, switched);
	stage_expect(client, "hello");
	stage_expect(server, "early");
	stage_send(client, "\x01\x02 ping");
	stage_expect(server, "\x01\x02 ping");
	stage_send(server, "pong");
	stage_expect(client, "pong");
	shutdown(client, SHUT_WR);
	stage_expect_end(server);
	stage_send(server, "last words");
	stage_expect(client, "last words");
	close(server);
	stage_expect_end(client);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(upgrade_becomes_a_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
