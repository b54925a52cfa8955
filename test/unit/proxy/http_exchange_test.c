/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies pass both ways, framed for their receiver and at its pace. What is cut off never looks
 * complete, and what is malformed goes no further.
 */
#include "http_stage.h"

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

/* The same of a server that answers and closes while much of the body is still to come: what it
 * said is heard although the connection breaks. */
static void early_answer_of_a_server_that_has_gone(void **state)
{
	static char bytes[1 << 20];

	(void)state;
	open_default();
	for (int i = 0; i < 20; i++) {
		int client = stage_client(&stage), server;

		stage_send(client,
			   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
		server = stage_server(&stage, 0);
		(void)stage_head(server);
		for (int part = 0; part < 8; part++)
			(void)!send(client, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
		stage_send(server, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
		close(server);
		(void)!send(client, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
		stage_expect(client, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n"
				     "Connection: close\r\n\r\nno");
		close(client);
	}
}

/* So many bytes go to a server that reads nothing, with those of the write that was cut short. */
static uint64_t fill_server(void)
{
	static char bytes[1 << 16];
	const struct stat_number *out = &stage.service_stats[0].bytes_out;
	int client = stage_client(&stage), server;

	stage_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
	server = stage_server(&stage, 0);
	for (int idle = 0; idle < 20; idle++) {
		uint64_t before = stat_read(out);

		if (send(client, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			idle = 0;
		usleep(1000);
		if (stat_read(out) != before)
			idle = 0;
	}
	stage_reset(client);
	stage_expect_reset(server);
	close(server);
	return stat_read(out);
}

/* A request that has come whole and whose last bytes the server did not take: when we answer it by
 * ourselves those bytes are forgotten, and never stand before the next request. */
static void fault_while_the_end_of_a_request_waits(void **state)
{
	enum { STEP = 16384, AROUND = 8 };
	static char bytes[16 << 20];
	uint64_t full;

	(void)state;
	open_default();
	full = fill_server();
	assert_true(full > AROUND * STEP && full + AROUND * STEP < sizeof(bytes));
	for (int i = -AROUND; i < AROUND; i++) {
		size_t length = (size_t)((int64_t)full + i * STEP);
		int client = stage_client(&stage), server;
		const char *answer;
		char head[128];

		snprintf(head, sizeof(head),
			 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", length);
		stage_send(client, head);
		server = stage_server(&stage, 0);
		stage_send_bytes(client, bytes, length);
		stage_send(server, "bad\r\n\r\n");
		answer = stage_head(client);
		assert_non_null(strstr(answer, "HTTP/1.1 502 Bad Gateway"));
		stage_expect_reset(server);
		close(server);
		if (strstr(answer, "Connection: close") == NULL) {
			stage_expect(client, "502 Bad Gateway\n");
			stage_send(client, GET);
			server = stage_server(&stage, 0);
			stage_expect(server, GET);
			stage_send(server, OK_END);
			stage_expect(client, OK_2);
			close(server);
		}
		close(client);
	}
}

/* Without memory for another buffer an exchange waits, and goes on when there is some. */
static void waits_for_a_buffer(void **state)
{
	static char bytes[1 << 16];
	struct stage_conf conf = conf_http();
	int slow, other, server, second = -1;

	(void)state;
	conf.buffer_bytes_max = 66000; /* one of the largest, and nothing beside it */
	stage_open(&stage, &conf);
	slow = stage_client(&stage);
	stage_send(slow, GET);
	server = stage_server(&stage, 0);
	stage_expect(server, GET);
	stage_send(server, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n");
	for (int idle = 0; idle < 50;) {
		bool sent = send(server, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;

		idle = sent ? 0 : idle + 1;
		if (!sent)
			usleep(2000);
	}
	other = stage_client(&stage);
	stage_send(other, GET);
	/* Either its request finds no buffer, or its answer. */
	while (stat_read(&stage.engine_stats->refused_memory) == 0) {
		if (second >= 0 || !stage_has_server(&stage, 0, 1))
			continue;
		second = stage_server(&stage, 0);
		stage_expect(second, GET);
		stage_send(second, OK_2);
	}
	stage_reset(slow);
	if (second < 0) {
		second = stage_server(&stage, 0);
		stage_expect(second, GET);
		stage_send(second, OK_2);
	}
	stage_expect(other, OK_2);
	close(other);
	close(server);
	close(second);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(chunked_answer_with_trailers),
		row(chunked_answer_for_http_1_0),
		row(answer_until_close),
		row(answers_without_a_body),
		row(interim_answers),
		row(early_answer_ends_both),
		row(early_answer_of_a_server_that_has_gone),
		row(fault_while_the_end_of_a_request_waits),
		row(waits_for_a_buffer),
		row(bulk_both_ways),
		row(slow_reader_holds_up_the_server),
		row(server_is_silent),
		row(malformed_answers),
		row(cut_answer_resets_the_client),
		row(bytes_after_an_answer_reach_nobody),
		row(cut_upload_resets_the_server),
		row(stalled_upload_times_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
