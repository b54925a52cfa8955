/* SPDX-License-Identifier: Apache-2.0
 *
 * A head is read however it comes in pieces, one request after the other; what is ambiguous, too
 * long or too slow is refused.
 */
#include "http_stage.h"

static void head_byte_by_byte(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	for (const char *at = GET; *at != '\0'; at++) {
		stage_send_bytes(client, at, 1);
		usleep(200);
	}
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	for (const char *at = OK_2; *at != '\0'; at++) {
		stage_send_bytes(server, at, 1);
		usleep(200);
	}
	stage_expect(client, OK_2);
	close(client);
	close(server);
}

static void pipelined_requests_one_by_one(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
			   "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
			   "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "1;x=y\r\nd\r\n2\r\nef\r\n0\r\n\r\n"
			   "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_send(server, OK_2);
	stage_expect(server, "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
	stage_send(server, OK_2);
	stage_expect(server, "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "3\r\ndef\r\n0\r\n\r\n");
	stage_send(server, OK_2);
	stage_expect(server, "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_send(server, OK_2);
	stage_expect(client, OK_2 OK_2 OK_2 OK_END);
	stage_expect_end(client);
	close(client);
	close(server);
}

static void bad_requests_are_answered_and_closed(void **state)
{
	static const struct {
		const char *request, *status;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "HTTP/1.1 400 " },
		{ "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 " },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  "HTTP/1.1 400 " },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 " },
		{ "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "HTTP/1.1 501 " },
	};

	(void)state;
	open_default();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int client = stage_client(&stage);
		const char *head;

		stage_send(client, rows[i].request);
		head = stage_head(client);
		if (strncmp(head, rows[i].status, strlen(rows[i].status)) != 0)
			fail_msg("%s -> %s", rows[i].request, head);
		assert_non_null(strstr(head, "Connection: close\r\n"));
		close(client);
	}
	assert_false(stage_has_server(&stage, 0, 20));
	stage_await(&stage.vserver_stats->bad_requests, sizeof(rows) / sizeof(rows[0]), "bad");
}

static void head_that_is_too_long(void **state)
{
	struct stage_conf conf = conf_http();
	char *request = calloc(1, 9000);
	int client;

	(void)state;
	conf.header_bytes_max = 8192;
	stage_open(&stage, &conf);
	memset(request, 'x', 8999);
	memcpy(request, "GET / HTTP/1.1\r\nHost: a\r\nA: ", 28);
	client = stage_client(&stage);
	stage_send(client, request);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 431 "));
	close(client);
	free(request);
}

static void slow_head_times_out(void **state)
{
	struct stage_conf conf = conf_http();
	int client;

	(void)state;
	conf.request_timeout_ms = 100;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, "GET / HTTP/1.1\r\nHo");
	usleep(50000);
	stage_send(client, "st: a\r\n");
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 408 Request Timeout"));
	close(client);
}

static void h2c_is_not_tunnelled(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
			   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	close(client);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(head_byte_by_byte),
		row(pipelined_requests_one_by_one),
		row(bad_requests_are_answered_and_closed),
		row(head_that_is_too_long),
		row(slow_head_times_out),
		row(h2c_is_not_tunnelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
