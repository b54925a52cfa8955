/* SPDX-License-Identifier: Apache-2.0
 *
 * A request reaches a server and its answer reaches the client, whatever either of them does:
 * nothing that is cut off looks complete, nothing is sent twice that must not be, every use is
 * given back once.
 */
#include "proxy/http_session.h"

#include "stage.h"

static struct stage stage;

static struct stage_conf conf_http(void)
{
	return stage_defaults(PROTOCOL_HTTP);
}

static void open_default(void)
{
	struct stage_conf conf = conf_http();

	stage_open(&stage, &conf);
}

static int close_stage(void **state)
{
	(void)state;
	stage_expect_quiet(&stage);
	stage_close(&stage);
	return 0;
}

#define GET     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_END "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define OK_2    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define OK_END  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

static void round_trip(int client, int server)
{
	stage_send(client, GET);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
}

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

static void chunked_answer_with_trailers(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "3\r\nabc\r\n002;x\r\nde\r\n");
	stage_expect(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "5\r\nabcde\r\n");
	stage_send(server, "1\r\nf");
	stage_expect(client, "1\r\nf\r\n");
	stage_send(server, "\r\n0\r\nX-Sum: 7");
	stage_send(server, "\r\n\r\n");
	stage_expect(client, "0\r\nX-Sum: 7\r\n\r\n");
	round_trip(client, server);
	close(client);
	close(server);
}

static void chunked_answer_for_http_1_0(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 103 Early Hints\r\n\r\n"
			   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "3\r\nabc\r\n0\r\nX: y\r\n\r\n");
	stage_expect(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
	stage_expect_end(client);
	close(client);
	client = stage_client(&stage);
	stage_send(client, "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client,
		     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi");
	stage_send(client, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_END);
	stage_expect_end(client);
	close(client);
	close(server);
}

static void answer_until_close(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\n\r\nabc");
	stage_expect(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	close(server);
	stage_expect(client, "0\r\n\r\n");
	stage_send(client, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\n\r\nabc");
	close(server);
	stage_expect(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
	stage_expect_end(client);
	close(client);
}

static void answers_without_a_body(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	server = stage_server(&stage, 0);
	stage_expect(server, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	stage_expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	stage_send(client, GET);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 204 No Content\r\n\r\n");
	stage_expect(client, "HTTP/1.1 204 No Content\r\n\r\n");
	stage_send(client, GET);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
	stage_expect(client, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
	stage_send(client, GET);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	stage_expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	round_trip(client, server);
	close(client);
	close(server);
}

static void interim_answers(void **state)
{
	const char *head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
			   "Content-Length: 3\r\n\r\n";
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, head);
	server = stage_server(&stage, 0);
	stage_expect(server, head);
	stage_send(server, "HTTP/1.1 100 Continue\r\n\r\n");
	stage_expect(client, "HTTP/1.1 100 Continue\r\n\r\n");
	stage_send(client, "abc");
	stage_expect(server, "abc");
	stage_send(server, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
			   "HTTP/1.1 102 Processing\r\n\r\n" OK_2);
	stage_expect(client, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
			     "HTTP/1.1 102 Processing\r\n\r\n" OK_2);
	round_trip(client, server);
	close(client);
	close(server);
}

static void early_answer_ends_both(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
	server = stage_server(&stage, 0);
	stage_expect(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
	stage_send(server, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
	stage_expect(client, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n"
			     "Connection: close\r\n\r\nno");
	stage_expect_end(client);
	stage_expect_reset(server);
	stage_send(client, "more");
	close(client);
	close(server);
}

static void bulk_both_ways(void **state)
{
	enum { BULK = 8 << 20 };
	static char bytes[1 << 16], got[1 << 16];
	int client, server;
	char head[128];

	(void)state;
	open_default();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	client = stage_client(&stage);
	snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
		 BULK);
	stage_send(client, head);
	server = stage_server(&stage, 0);
	stage_expect(server, head);
	for (int sent = 0; sent < BULK; sent += (int)sizeof(bytes)) {
		stage_send_bytes(client, bytes, sizeof(bytes));
		assert_int_equal(recv(server, got, sizeof(got), MSG_WAITALL), sizeof(got));
		assert_memory_equal(got, bytes, sizeof(got));
	}
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BULK);
	stage_send(server, head);
	stage_expect(client, head);
	for (int sent = 0; sent < BULK; sent += (int)sizeof(bytes)) {
		stage_send_bytes(server, bytes, sizeof(bytes));
		assert_int_equal(recv(client, got, sizeof(got), MSG_WAITALL), sizeof(got));
		assert_memory_equal(got, bytes, sizeof(got));
	}
	round_trip(client, server);
	close(client);
	close(server);
}

/* A client that reads nothing: the server is held up, and what is kept for it is bounded. */
static void slow_reader_holds_up_the_server(void **state)
{
	static char bytes[1 << 16], got[1 << 16];
	const size_t most = 256 << 20, length = 32 << 20;
	size_t sent = 0, have = 0;
	int client, server;
	ssize_t done;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000000\r\n");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 11);
	for (int idle = 0; idle < 50 && sent < length;) {
		done = send(server, bytes + sent % sizeof(bytes),
			    sizeof(bytes) - sent % sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
		idle = done > 0 ? 0 : idle + 1;
		sent += done > 0 ? (size_t)done : 0;
		if (done <= 0)
			usleep(2000);
		assert_true(sent < most);
	}
	assert_true(stat_read(&stage.engine_stats->buffers) <= 2);
	assert_non_null(strstr(stage_head(client), "chunked"));
	for (size_t left = 0; have < sent;) {
		if (left == 0) {
			char line[32] = "";
			size_t at = 0;

			while (at < 2 || line[at - 1] != '\n' || line[at - 2] != '\r' || at == 2) {
				assert_int_equal(recv(client, line + at, 1, 0), 1);
				at++;
				if (at == 2 && memcmp(line, "\r\n", 2) == 0)
					at = 0;
			}
			left = strtoul(line, NULL, 16);
			assert_true(left > 0);
		}
		done = recv(client, got, left < sizeof(got) ? left : sizeof(got), 0);
		assert_true(done > 0);
		for (ssize_t i = 0; i < done; i++)
			assert_true(got[i] == bytes[(have + (size_t)i) % sizeof(bytes)]);
		have += (size_t)done;
		left -= (size_t)done;
	}
	stage_reset(client);
	stage_expect_reset(server);
	close(server);
}

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

static void server_is_silent(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server;

	(void)state;
	conf.server_timeout_ms = 100;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 504 Gateway Timeout"));
	stage_expect_reset(server);
	close(client);
	close(server);
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	stage_expect(client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	stage_expect_reset(client);
	assert_int_equal(stat_read(&stage.service_stats[0].timeouts), 2);
	close(client);
	close(server);
}

static void malformed_answers(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nab",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\n\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
		"SSH-2.0-OpenSSH\r\n",
	};
	int client = -1, server;

	(void)state;
	open_default();
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		client = stage_client(&stage);
		stage_send(client, GET);
		server = stage_server(&stage, 0);
		stage_expect(server, GET);
		stage_send(server, answers[i]);
		assert_non_null(strstr(stage_head(client), "HTTP/1.1 502 Bad Gateway"));
		close(client);
		close(server);
	}
	/* What is malformed after the head cuts the client off. */
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
	stage_expect(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
	stage_send(server, "x\r\n");
	stage_expect_reset(client);
	close(client);
	close(server);
}

static void cut_answer_resets_the_client(void **state)
{
	int client, server;

	(void)state;
	open_default();
	for (int chunked = 0; chunked < 2; chunked++) {
		client = stage_client(&stage);
		stage_send(client, GET);
		server = stage_server(&stage, 0);
		stage_expect(server, GET);
		stage_send(server, chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
					     "5\r\nab"
					   : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
		(void)stage_head(client);
		close(server);
		stage_expect_reset(client);
		close(client);
	}
}

static void bytes_after_an_answer_reach_nobody(void **state)
{
	int client, server;

	(void)state;
	open_default();
	client = stage_client(&stage);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
	stage_expect(client, OK_2);
	stage_expect_end(server);
	close(server);
	stage_send(client, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
	close(client);
	close(server);
}

static void cut_upload_resets_the_server(void **state)
{
	int client, server;

	(void)state;
	open_default();
	for (int i = 0; i < 3; i++) {
		client = stage_client(&stage);
		stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
		server = stage_server(&stage, 0);
		stage_expect(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
		if (i == 0)
			close(client);
		else if (i == 1)
			stage_reset(client);
		else
			shutdown(client, SHUT_WR);
		stage_expect_reset(server);
		if (i == 2)
			close(client);
		close(server);
	}
	client = stage_client(&stage);
	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "3\r\nabc\r\n-1\r\n");
	server = stage_server(&stage, 0);
	(void)stage_head(server);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 400 Bad Request"));
	stage_expect_reset(server);
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

static void stalled_upload_times_out(void **state)
{
	struct stage_conf conf = conf_http();
	int client, server;

	(void)state;
	conf.client_timeout_ms = 100;
	stage_open(&stage, &conf);
	client = stage_client(&stage);
	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
	server = stage_server(&stage, 0);
	assert_non_null(strstr(stage_head(client), "HTTP/1.1 408 "));
	stage_expect_reset(server);
	close(client);
	close(server);
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

/* The use is free before the last bytes of the answer go out: a client that sees them and comes
 * back at once is not refused. */
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

/* Whatever is under way when the engine stops is cut, and every count returns to zero. */
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

#define row(test) cmocka_unit_test_teardown(test, close_stage)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(keep_alive_on_both_sides),
		row(head_byte_by_byte),
		row(pipelined_requests_one_by_one),
		row(chunked_answer_with_trailers),
		row(chunked_answer_for_http_1_0),
		row(answer_until_close),
		row(answers_without_a_body),
		row(interim_answers),
		row(early_answer_ends_both),
		row(bulk_both_ways),
		row(slow_reader_holds_up_the_server),
		row(reused_connection_that_ended_is_replaced),
		row(post_is_not_repeated),
		row(refused_connect_tries_the_next),
		row(nobody_listens),
		row(server_is_silent),
		row(malformed_answers),
		row(cut_answer_resets_the_client),
		row(bytes_after_an_answer_reach_nobody),
		row(cut_upload_resets_the_server),
		row(client_resets_while_it_waits),
		row(half_closed_client_is_answered),
		row(upgrade_becomes_a_tunnel),
		row(h2c_is_not_tunnelled),
		row(bad_requests_are_answered_and_closed),
		row(head_that_is_too_long),
		row(slow_head_times_out),
		row(idle_client_is_closed),
		row(stalled_upload_times_out),
		row(full_service_makes_a_line),
		row(client_address_goes_to_the_server),
		row(refused_clients_hear_why),
		row(refused_clients_are_sent_away),
		row(a_client_that_returns_at_once_finds_room),
		row(server_connections_are_spared),
		cmocka_unit_test(stop_in_every_state),
		row(drain_closes_what_is_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
