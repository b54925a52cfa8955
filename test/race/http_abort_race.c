/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients and servers that do anything at any moment: cut, reset, stall, answer early, answer
 * nonsense. Meanwhile an operator has services go up and down, cut off, and limited anew. Whatever
 * they do, no byte of one exchange is seen in another, nothing that was cut off looks complete, and
 * when all of them have gone every count is zero.
 *
 * Sockets hold little, so that every write may be cut short: in a network of the test's own, where
 * it may have one.
 *
 * Every body says by its bytes whose it is, and every head says how long the body is meant to be.
 */
#include "../unit/proxy/stage.h"
#include "small_sockets.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	CLIENTS = 6,    /* threads */
	SERVERS = 6,    /* threads for each service, each serves one connection at a time */
	SESSIONS = 150, /* of each client */
	BODY_MAX = 150000,
	WIRE_ROOM = 16384,
	IDLE_MS = 400
};

enum kind {
	KIND_LENGTH,
	KIND_CHUNKED,
	KIND_UNTIL_CLOSE,
	KIND_CUT_LENGTH,
	KIND_CUT_CHUNKED,
	KIND_RESET,
	KIND_SILENT,
	KIND_NONSENSE,
	KIND_INTERIM,
	KIND_EARLY,
	KIND_EXTRA,
	KIND_END_AT_ONCE,
	KIND_RESET_AT_ONCE,
	KIND_CLOSES,
	KIND_SLOW_HEAD,
	KIND_COUNT
};

static struct stage stage;
static _Atomic bool is_over;
static _Atomic unsigned faults, whole_answers, whole_uploads;

static void fault(const char *what, uint32_t id)
{
	if (atomic_fetch_add(&faults, 1) < 10)
		print_error("exchange %u: %s\n", id, what);
}

static _Thread_local uint64_t seed;

static unsigned dice(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % sides);
}

static char byte_of(uint32_t id, size_t at)
{
	return (char)('a' + (id * 31 + at * 7 + at / 251) % 26);
}

/* How much an exchange uploads. Half of them are about what small sockets hold. */
static size_t upload_of(uint32_t id)
{
	return (id * 7919u) % (id % 2 == 0 ? BODY_MAX : BODY_MAX / 8);
}

/* --- a socket with a buffer --- */

struct wire {
	int fd;
	size_t start, end;
	char bytes[WIRE_ROOM];
};

enum taken { TAKEN, TAKEN_END, TAKEN_CUT };

static enum taken refill(struct wire *wire)
{
	ssize_t done;

	if (wire->start < wire->end)
		return TAKEN;
	done = recv(wire->fd, wire->bytes, sizeof(wire->bytes), 0);
	wire->start = 0;
	wire->end = done > 0 ? (size_t)done : 0;
	return done > 0 ? TAKEN : done == 0 ? TAKEN_END : TAKEN_CUT;
}

/* A line without its CR LF. */
static enum taken take_line(struct wire *wire, char line[512])
{
	size_t length = 0;

	while (length < 511) {
		enum taken taken = refill(wire);

		if (taken != TAKEN)
			return taken;
		line[length++] = wire->bytes[wire->start++];
		if (length >= 2 && line[length - 1] == '\n' && line[length - 2] == '\r') {
			line[length - 2] = '\0';
			return TAKEN;
		}
	}
	return TAKEN_CUT;
}

static bool put(struct wire *wire, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = send(wire->fd, bytes, length, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		bytes += done;
		length -= (size_t)done;
	}
	return true;
}

static bool put_text(struct wire *wire, const char *text)
{
	return put(wire, text, strlen(text));
}

struct head {
	char first[512];
	uint32_t id, kind;
	size_t size, length; /* as meant; as framed */
	bool has_length, is_chunked, closes, was_answered_by_proxy;
};

static enum taken take_head(struct wire *wire, struct head *head)
{
	char line[512];
	enum taken taken = take_line(wire, head->first);

	head->id = head->kind = 0;
	head->size = head->length = 0;
	head->has_length = head->is_chunked = head->closes = false;
	head->was_answered_by_proxy = true;
	while (taken == TAKEN && (taken = take_line(wire, line)) == TAKEN && line[0] != '\0') {
		unsigned long number = 0;

		if (sscanf(line, "X-Id: %lu", &number) == 1) {
			head->id = (uint32_t)number;
			head->was_answered_by_proxy = false;
		} else if (sscanf(line, "X-Kind: %lu", &number) == 1) {
			head->kind = (uint32_t)number;
		} else if (sscanf(line, "X-Size: %lu", &number) == 1) {
			head->size = number;
		} else if (sscanf(line, "Content-Length: %lu", &number) == 1) {
			head->has_length = true;
			head->length = number;
		} else if (strcmp(line, "Transfer-Encoding: chunked") == 0) {
			head->is_chunked = true;
		} else if (strcmp(line, "Connection: close") == 0) {
			head->closes = true;
		}
	}
	return taken;
}

/* Content that must be the exchange's own. */
static enum taken take_content(struct wire *wire, uint32_t id, size_t *at, size_t length)
{
	while (length > 0) {
		enum taken taken = refill(wire);

		if (taken != TAKEN)
			return taken;
		while (length > 0 && wire->start < wire->end) {
			if (id != 0 && wire->bytes[wire->start] != byte_of(id, *at)) {
				fault("a byte that is not its own", id);
				return TAKEN_CUT;
			}
			wire->start++;
			(*at)++;
			length--;
		}
	}
	return TAKEN;
}

static enum taken take_chunks(struct wire *wire, uint32_t id, size_t *at)
{
	char line[512];

	for (;;) {
		enum taken taken = take_line(wire, line);
		size_t size;

		if (taken != TAKEN)
			return taken;
		size = strtoul(line, NULL, 16);
		if (size == 0)
			break;
		taken = take_content(wire, id, at, size);
		if (taken == TAKEN)
			taken = take_line(wire, line);
		if (taken != TAKEN || line[0] != '\0')
			return TAKEN_CUT;
	}
	while (take_line(wire, line) == TAKEN)
		if (line[0] == '\0')
			return TAKEN;
	return TAKEN_CUT;
}

/* TAKEN: the body is whole, as far as its framing says. */
static enum taken take_body(struct wire *wire, const struct head *head, uint32_t id, size_t *at,
			    bool until_close)
{
	if (head->is_chunked)
		return take_chunks(wire, id, at);
	if (head->has_length)
		return take_content(wire, id, at, head->length);
	if (!until_close)
		return TAKEN;
	return take_content(wire, id, at, SIZE_MAX) == TAKEN_END ? TAKEN : TAKEN_CUT;
}

static bool put_content(struct wire *wire, uint32_t id, size_t from, size_t length)
{
	char bytes[4096];

	while (length > 0) {
		size_t part = length < sizeof(bytes) ? length : 1 + dice(sizeof(bytes));

		for (size_t i = 0; i < part; i++)
			bytes[i] = byte_of(id, from + i);
		if (!put(wire, bytes, part))
			return false;
		from += part;
		length -= part;
	}
	return true;
}

static bool put_chunks(struct wire *wire, uint32_t id, size_t length, bool ends)
{
	size_t at = 0;
	char line[64];

	while (at < length) {
		size_t part = 1 + dice(dice(2) ? 40 : 20000);

		if (part > length - at)
			part = length - at;
		snprintf(line, sizeof(line), "%zx%s\r\n", part, dice(8) ? "" : ";ext=1");
		if (!put_text(wire, line) || !put_content(wire, id, at, part) ||
		    !put_text(wire, "\r\n"))
			return false;
		at += part;
	}
	return !ends || put_text(wire, dice(2) ? "0\r\n\r\n" : "0\r\nX-Trailer: yes\r\n\r\n");
}

/* --- the servers --- */

static bool put_answer_head(struct wire *wire, const struct head *request, const char *framing,
			    bool closes, bool slowly)
{
	char text[512];
	int length = snprintf(text, sizeof(text),
			      "HTTP/1.1 200 OK\r\nX-Id: %u\r\nX-Size: %zu\r\n%s%s\r\n", request->id,
			      request->size, framing, closes ? "Connection: close\r\n" : "");

	if (!slowly)
		return put(wire, text, (size_t)length);
	for (int i = 0; i < length; i++)
		if (!put(wire, text + i, 1))
			return false;
	return true;
}

/* In one send, so that it comes in one read: what comes later than the next request cannot be told
 * from its answer. */
static bool put_answer_and_extra(struct wire *wire, const struct head *request)
{
	char text[4096];
	int length = snprintf(text, sizeof(text),
			      "HTTP/1.1 200 OK\r\nX-Id: %u\r\nX-Size: %zu\r\n"
			      "Content-Length: %zu\r\n\r\n",
			      request->id, request->size, request->size);

	for (size_t at = 0; at < request->size; at++)
		text[length++] = byte_of(request->id, at);
	length += snprintf(text + length, sizeof(text) - (size_t)length,
			   "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Id: 1\r\n\r\nevil");
	return put(wire, text, (size_t)length);
}

/* True when the connection goes on. */
static bool answer(struct wire *wire, const struct head *request)
{
	bool is_head = strncmp(request->first, "HEAD ", 5) == 0;
	size_t cut = request->size > 0 ? dice((unsigned)request->size) : 0;
	char framing[64];

	snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", request->size);
	switch ((enum kind)request->kind) {
	case KIND_INTERIM:
		if (!put_text(wire, "HTTP/1.1 100 Continue\r\n\r\n"
				    "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"))
			return false;
		break;
	case KIND_CHUNKED:
	case KIND_CUT_CHUNKED:
		return put_answer_head(wire, request, "Transfer-Encoding: chunked\r\n", false,
				       false) &&
		       (is_head || put_chunks(wire, request->id,
					      request->kind == KIND_CHUNKED ? request->size : cut,
					      request->kind == KIND_CHUNKED)) &&
		       request->kind == KIND_CHUNKED;
	case KIND_UNTIL_CLOSE:
		(void)(put_answer_head(wire, request, "", true, false) &&
		       (is_head || put_content(wire, request->id, 0, request->size)));
		return false;
	case KIND_CUT_LENGTH:
	case KIND_RESET:
		(void)(put_answer_head(wire, request, framing, false, false) &&
		       (is_head || put_content(wire, request->id, 0, cut)));
		if (request->kind == KIND_RESET)
			socket_reset_on_close(wire->fd);
		return false;
	case KIND_SILENT:
		usleep(1000 * dice(IDLE_MS));
		return false;
	case KIND_NONSENSE:
		(void)put_text(wire, dice(2) ? "220 smtp.example ESMTP\r\n"
					     : "HTTP/1.1 200 OK\r\nA\r\n\r\n");
		return false;
	case KIND_END_AT_ONCE:
		return false;
	case KIND_RESET_AT_ONCE:
		socket_reset_on_close(wire->fd);
		return false;
	case KIND_EXTRA:
		if (!is_head && request->size < 2000)
			return put_answer_and_extra(wire, request);
		break;
	case KIND_LENGTH:
	case KIND_EARLY:
	case KIND_CLOSES:
	case KIND_SLOW_HEAD:
	case KIND_COUNT:
		break;
	}
	if (!put_answer_head(wire, request, framing, request->kind == KIND_CLOSES,
			     request->kind == KIND_SLOW_HEAD) ||
	    !(is_head || put_content(wire, request->id, 0, request->size)))
		return false;
	return request->kind != KIND_CLOSES && request->kind != KIND_EARLY;
}

/* Does not read what is uploaded: its end may stand in a socket, or in the proxy. */
static bool is_deaf(const struct head *request)
{
	enum kind kind = (enum kind)request->kind;

	if (kind == KIND_EARLY)
		return true;
	return (kind == KIND_SILENT || kind == KIND_NONSENSE || kind == KIND_END_AT_ONCE ||
		kind == KIND_RESET_AT_ONCE) &&
	       dice(2);
}

static void serve_connection(struct wire *wire)
{
	struct head request;
	bool goes_on = true;

	while (goes_on && take_head(wire, &request) == TAKEN) {
		size_t at = 0;

		if (is_deaf(&request)) {
			usleep(1000 * dice(IDLE_MS / 8)); /* meanwhile its socket is filled */
		} else if (request.has_length || request.is_chunked) {
			if (take_body(wire, &request, request.id, &at, false) != TAKEN)
				break;
			atomic_fetch_add(&whole_uploads, 1);
			if (at != upload_of(request.id))
				fault("an upload that was cut looks whole", request.id);
		}
		goes_on = answer(wire, &request);
	}
	close(wire->fd);
}

static void *run_server(void *argument)
{
	uintptr_t number = (uintptr_t)argument;
	int listener = stage.server_listeners[number % STAGE_SERVICES];
	struct wire *wire = calloc(1, sizeof(*wire));

	seed = 0xABCDEF123 + number * 7777777;
	while (wire != NULL && !is_over) {
		struct pollfd wait = { .fd = listener, .events = POLLIN };

		if (poll(&wait, 1, 50) != 1)
			continue;
		wire->fd = accept(listener, NULL, NULL);
		if (wire->fd < 0)
			continue;
		stage_make_patient(wire->fd);
		wire->start = wire->end = 0;
		serve_connection(wire);
	}
	free(wire);
	return NULL;
}

/* --- the clients --- */

static _Atomic uint32_t next_id = 1;

struct ask {
	uint32_t id;
	size_t size;   /* of the answer */
	size_t upload; /* of the request */
	bool is_head, is_old, is_chunked, has_body;
};

static size_t write_ask(struct ask *ask, char text[512])
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "POST" };
	unsigned method = dice(4), kind = dice(2) ? KIND_LENGTH : dice(KIND_COUNT);
	char framing[64] = "";

	ask->id = atomic_fetch_add(&next_id, 1);
	ask->is_head = method == 1;
	ask->is_old = dice(8) == 0;
	ask->has_body = method >= 2;
	ask->is_chunked = ask->has_body && !ask->is_old && dice(2);
	ask->size = dice(3) ? dice(300) : dice(BODY_MAX);
	ask->upload = ask->has_body ? upload_of(ask->id) : 0;
	if (ask->is_chunked)
		snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n");
	else if (ask->has_body)
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", ask->upload);
	return (size_t)snprintf(text, 512,
				"%s / HTTP/1.%d\r\nHost: a\r\nX-Id: %u\r\nX-Kind: %u\r\n"
				"X-Size: %zu\r\n%s%s\r\n",
				methods[method], ask->is_old ? 0 : 1, ask->id, kind, ask->size,
				framing, dice(6) ? "" : "Connection: close\r\n");
}

/* True when the connection goes on. */
static bool take_answer(struct wire *wire, const struct ask *ask)
{
	struct head head;
	size_t at = 0;
	enum taken taken;

	do {
		taken = take_head(wire, &head);
		if (taken != TAKEN)
			return false;
	} while (strncmp(head.first, "HTTP/1.1 1", 10) == 0);
	if (head.was_answered_by_proxy) {
		if (strncmp(head.first, "HTTP/1.1 200", 12) == 0)
			fault("an answer without an owner", ask->id);
		return !ask->is_head && take_body(wire, &head, 0, &at, false) == TAKEN &&
		       !head.closes;
	}
	if (head.id != ask->id) {
		fault("the answer of another exchange", ask->id);
		return false;
	}
	if (ask->is_head)
		return !head.closes;
	taken = take_body(wire, &head, ask->id, &at, true);
	if (taken == TAKEN && at != ask->size)
		fault("an answer that was cut looks whole", ask->id);
	atomic_fetch_add(&whole_answers, taken == TAKEN);
	return taken == TAKEN && !head.closes && !ask->is_old;
}

/* Some of the exchange, then an end of some kind. */
static void abandon(struct wire *wire, const struct ask *ask, const char *text, size_t length)
{
	char bytes[2048];

	switch (dice(4)) {
	case 0:
		(void)put(wire, text, dice((unsigned)length));
		break;
	case 1:
		(void)(put(wire, text, length) &&
		       (ask->is_chunked ? put_chunks(wire, ask->id, ask->upload / 2, false)
					: put_content(wire, ask->id, 0, ask->upload / 2)));
		break;
	case 2:
		if (put(wire, text, length) && !ask->has_body)
			(void)recv(wire->fd, bytes, 1 + dice(sizeof(bytes) - 1), 0);
		break;
	default:
		(void)put(wire, text, length);
		shutdown(wire->fd, SHUT_WR);
		usleep(dice(2000));
		break;
	}
	if (dice(2))
		socket_reset_on_close(wire->fd);
}

static bool exchange(struct wire *wire)
{
	struct ask asks[3];
	char text[512];
	size_t length = write_ask(&asks[0], text);
	unsigned count = 1;

	if (dice(5) == 0) {
		abandon(wire, &asks[0], text, length);
		return false;
	}
	if (!put(wire, text, length))
		return false;
	if (asks[0].is_chunked)
		(void)put_chunks(wire, asks[0].id, asks[0].upload, true);
	else
		(void)put_content(wire, asks[0].id, 0, asks[0].upload);
	while (count < 3 && dice(3) == 0) {
		length = write_ask(&asks[count], text);
		if (asks[count].has_body || !put(wire, text, length))
			break;
		count++;
	}
	for (unsigned i = 0; i < count; i++)
		if (!take_answer(wire, &asks[i]))
			return false;
	return count == 1; /* one that did not fit is not finished */
}

static void *run_client(void *argument)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	seed = 0x123456789 + (uint64_t)(uintptr_t)argument * 99991;
	for (unsigned i = 0; wire != NULL && i < SESSIONS; i++) {
		struct timeval patience = { .tv_sec = 2 };

		wire->fd = socket(AF_INET, SOCK_STREAM, 0);
		wire->start = wire->end = 0;
		(void)setsockopt(wire->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		(void)setsockopt(wire->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(wire->fd, &stage.front.any, address_length(&stage.front)) == 0)
			while (exchange(wire))
				;
		close(wire->fd);
	}
	free(wire);
	return NULL;
}

/* --- the operator --- */

/* The same configuration anew, with other limits of the services. */
static void publish(void)
{
	struct snapshot *old = stage.snapshot;

	stage.conf.max_client[0] = 1 + dice(SERVERS);
	stage.snapshot = stage_build(&stage);
	stage_tell(&stage, MESSAGE_SNAPSHOT, 0, 0, stage.snapshot);
	assert_int_equal(stage_hear(&stage, MESSAGE_TAKEN).number, stage.snapshot_number);
	snapshot_free(old);
}

static void *run_operator(void *argument)
{
	(void)argument;
	seed = 0x5EED;
	while (!is_over) {
		uint32_t service = dice(STAGE_SERVICES);

		usleep(1000 * dice(IDLE_MS / 8));
		switch (dice(8)) {
		case 0:
			stage_tell(&stage, MESSAGE_CUT_SERVICE, service, 0, NULL);
			break;
		case 1:
			stage_tell(&stage, MESSAGE_CUT_VSERVER, 0, 0, NULL);
			break;
		case 2:
		case 3:
			publish();
			break;
		default:
			stage_tell(&stage, MESSAGE_SERVICE_STATE, service, dice(3) > 0, NULL);
			break;
		}
	}
	return NULL;
}

static void anything_may_break(void **state)
{
	struct stage_conf conf = stage_defaults(PROTOCOL_HTTP);
	pthread_t clients[CLIENTS], servers[SERVERS * STAGE_SERVICES], operator;

	(void)state;
	conf.services = STAGE_SERVICES;
	conf.max_client[0] = conf.max_client[1] = SERVERS / 2;
	conf.limit = CLIENTS - 1;
	conf.client_timeout_ms = IDLE_MS;
	conf.server_timeout_ms = IDLE_MS / 2;
	conf.request_timeout_ms = IDLE_MS / 2;
	stage_open(&stage, &conf);
	for (uintptr_t i = 0; i < SERVERS * STAGE_SERVICES; i++)
		assert_int_equal(pthread_create(&servers[i], NULL, run_server, (void *)i), 0);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients[i], NULL, run_client, (void *)i), 0);
	assert_int_equal(pthread_create(&operator, NULL, run_operator, NULL), 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_join(clients[i], NULL), 0);
	stage_expect_quiet(&stage);
	is_over = true;
	assert_int_equal(pthread_join(operator, NULL), 0);
	for (unsigned i = 0; i < SERVERS * STAGE_SERVICES; i++)
		assert_int_equal(pthread_join(servers[i], NULL), 0);
	stage_close(&stage);
	print_message("%u answers and %u uploads were whole\n", whole_answers, whole_uploads);
	assert_int_equal(faults, 0);
	assert_true(whole_answers > 0 && whole_uploads > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(anything_may_break) };

	if (!small_sockets_begin())
		print_message("sockets hold as much as they do here\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
