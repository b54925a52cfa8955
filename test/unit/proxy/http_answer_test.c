/* SPDX-License-Identifier: Apache-2.0
 *
 * A client that nobody serves hears why, and sees it before the connection ends.
 */
#include "http_stage.h"

static void refused_clients_hear_why(void **state)
{
	struct stage_conf conf = conf_http();
	int first, second, server;
	const char *head;

	(void)state;
	conf.limit = 1;
	stage_open(&stage, &conf);
	first = stage_client(&stage);
	stage_send(first, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	second = stage_client(&stage);
	stage_send(second, "GET /x HTTP/1.1\r\n");
	stage_send(second, "Host: a\r\n\r\n");
	head = stage_head(second);
	assert_non_null(strstr(head, "HTTP/1.1 503 "));
	assert_non_null(strstr(head, "Retry-After: "));
	assert_non_null(strstr(head, "Connection: close\r\n"));
	close(second);
	stage_send(server, OK_2);
	stage_expect(first, OK_2);
	close(first);
	close(server);
}

static void refused_clients_are_sent_away(void **state)
{
	struct stage_conf conf = conf_http();
	int first, second, server;
	const char *head;

	(void)state;
	conf.limit = 1;
	conf.redirect_url = "http://other.example/sorry";
	stage_open(&stage, &conf);
	first = stage_client(&stage);
	stage_send(first, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	second = stage_client(&stage);
	stage_send(second, GET);
	head = stage_head(second);
	assert_non_null(strstr(head, "HTTP/1.1 302 Found"));
	assert_non_null(strstr(head, "Location: http://other.example/sorry\r\n"));
	close(second);
	stage_send(server, OK_2);
	stage_expect(first, OK_2);
	close(first);
	close(server);
}

/* One that is refused and says nothing does not stay. */
static void refused_and_silent(void **state)
{
	struct stage_conf conf = conf_http();
	int first, second, server;

	(void)state;
	conf.limit = 1;
	conf.request_timeout_ms = 100;
	stage_open(&stage, &conf);
	first = stage_client(&stage);
	stage_send(first, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	second = stage_client(&stage);
	stage_expect_end(second);
	close(second);
	stage_send(server, OK_2);
	stage_expect(first, OK_2);
	close(first);
	close(server);
}

/* Many requests at once that we answer by ourselves, and HEAD among them: the connection goes on.
 */
static void own_answers_one_after_the_other(void **state)
{
	enum { COUNT = 1000 };
	struct stage_conf conf = conf_http();
	int client;

	(void)state;
	conf.is_closed[0] = true;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	for (int i = 0; i < COUNT; i++)
		stage_send(client, i % 2 ? GET : "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < COUNT; i++) {
		const char *head = stage_head(client);

		assert_non_null(strstr(head, "HTTP/1.1 503 "));
		assert_null(strstr(head, "Connection: close"));
		if (i % 2)
			stage_expect(client, "503 Service Unavailable\n");
	}
	close(client);
	stage_await(&stage.vserver_stats->requests_total, COUNT, "requests");
	stage_await(&stage.vserver_stats->bad_gateways, COUNT, "answers");
}

/* An answer is not lost because the client went on sending: we read on for a while. */
static void answer_survives_what_is_still_sent(void **state)
{
	static char bytes[200000];
	int client;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
	memset(bytes, 'x', sizeof(bytes));
	stage_send_bytes(client, bytes, sizeof(bytes));
	shutdown(client, SHUT_WR);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 400 Bad Request"));
	stage_expect(client, "400 Bad Request\n");
	stage_expect_end(client);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(refused_clients_hear_why),
		row(refused_clients_are_sent_away),
		row(refused_and_silent),
		row(own_answers_one_after_the_other),
		row(answer_survives_what_is_still_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
