/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/client.h"

#include "http/body.h"
#include "http/h1.h"
#include "http/head.h"
#include "origin/answer.h"
#include "origin/wish.h"
#include "os/socket.h"

#include <errno.h>

enum { BYTES_ROOM = 16384, HEAD_MAX = 8192, ECHO_MAX = 16 << 20, DRAIN_MS = 1000 };

enum client_state {
	AT_HEAD,
	AT_BODY,
	AT_TRAILERS,
	AT_HOLD,
	AT_ANSWER,
	AT_TUNNEL, /* echoes bytes */
	AT_DRAIN,  /* our half is shut; bytes are thrown away until the peer's end */
	AT_END
};

/* What a state's function says. */
enum outcome { GO_ON, WAIT };

/* Owner: the worker. */
struct client {
	struct watch watch;
	struct task task;
	struct timer timer; /* hold or drain */
	struct loop_free later;
	struct list link; /* in worker->clients */
	struct worker *worker;
	enum client_state state, after_answer;
	bool can_read, can_write, has_ended, has_eof;
	bool is_counted; /* among the connections */
	bool is_active;  /* among the requests */
	bool is_head;
	struct h1_scan scan;
	struct body body;
	uint64_t received;
	struct wish wish;
	struct text text; /* content of /stats and /echo */
	struct answer answer;
	size_t start, end; /* of the bytes that were read and not used */
	char bytes[BYTES_ROOM];
};

/* Too large for every client, and needed only while a head is looked at. */
static _Thread_local struct h1_request request;

size_t client_size(void)
{
	return sizeof(struct client);
}

static void free_client(struct loop_free *later)
{
	struct client *client = list_entry(later, struct client, later);

	slab_give(&client->worker->slab, client);
}

static void end_request(struct client *client)
{
	if (client->is_active)
		tally_leave(&client->worker->tally->requests);
	client->is_active = false;
}

static void close_client(struct client *client)
{
	struct loop *loop = &client->worker->loop;

	end_request(client);
	if (client->is_counted)
		tally_leave(&client->worker->tally->connections);
	text_free(&client->text);
	timer_cancel(&loop->timers, &client->timer);
	loop_unready(&client->task);
	socket_close(loop_forget(&client->watch));
	list_remove(&client->link);
	client->state = AT_END;
	loop_free_later(loop, &client->later);
}

static enum outcome go(struct client *client, enum client_state state)
{
	client->state = state;
	return GO_ON;
}

/* More bytes behind those that are there. GO_ON: some came, or the end did. */
static enum outcome read_more(struct client *client)
{
	if (client->start == client->end)
		client->start = client->end = 0;
	if (client->end == BYTES_ROOM && client->start > 0) {
		client->end -= client->start;
		memmove(client->bytes, client->bytes + client->start, client->end);
		client->start = 0;
	}
	if (!client->can_read)
		return WAIT;

	size_t room = BYTES_ROOM - client->end;
	ssize_t count = socket_read(client->watch.fd, client->bytes + client->end, room);

	if (count == -EAGAIN) {
		client->can_read = false;
		return WAIT;
	}
	if (count < 0)
		return go(client, AT_END);
	client->end += (size_t)count;
	client->has_eof = count == 0;
	/* A short read has emptied the socket, but for its end. */
	if ((size_t)count < room && !client->has_ended)
		client->can_read = false;
	return GO_ON;
}

/* The same, where the end of the client's half is the end of it all. */
static enum outcome read_or_end(struct client *client)
{
	enum outcome outcome = read_more(client);

	if (outcome == GO_ON && client->has_eof)
		return go(client, AT_END);
	return outcome;
}

/* 0 while there is nothing to send any more, else whether all of it is out. */
static enum outcome send_answer(struct client *client)
{
	while (!answer_is_over(&client->answer)) {
		struct iovec parts[ANSWER_PARTS];
		int count = answer_parts(&client->answer, parts);

		if (!client->can_write)
			return WAIT;

		ssize_t sent = socket_write(client->watch.fd, parts, count);

		if (sent == -EAGAIN) {
			client->can_write = false;
			return WAIT;
		}
		if (sent < 0)
			return go(client, AT_END);
		answer_sent(&client->answer, (size_t)sent);
	}
	end_request(client);
	text_free(&client->text);
	return go(client, client->after_answer);
}

static void begin_answer(struct client *client)
{
	struct worker *worker = client->worker;
	struct wish *wish = &client->wish;
	struct answer_plan plan = { .status = wish->status,
				    .name = worker->name,
				    .type = STR("text/plain"),
				    .received = client->received,
				    .is_chunked = wish->is_chunked,
				    .has_trailer = wish->has_trailer,
				    .closes = wish->closes,
				    .is_head = client->is_head };

	if (wish->page == WISH_STATS) {
		plan.type = STR("application/json");
		tally_print(worker->tally, worker->name, &client->text);
	} else if (wish->page == WISH_NAME && !wish->has_size) {
		text_add(&client->text, worker->name);
		text_add(&client->text, STR("\n"));
	}
	plan.content = text_str(&client->text);
	plan.size = plan.content.length;
	if (wish->page == WISH_NAME && wish->has_size)
		plan.size = wish->size;
	answer_begin(&client->answer, &plan);
	client->after_answer = wish->closes ? AT_DRAIN : AT_HEAD;
	client->state = AT_ANSWER;
}

static enum outcome hold_or_answer(struct client *client)
{
	struct loop *loop = &client->worker->loop;

	tally_receive(client->worker->tally, client->received);
	if (client->wish.hold_ms == 0) {
		begin_answer(client);
		return GO_ON;
	}
	timer_arm(&loop->timers, &client->timer, loop->now_ms + client->wish.hold_ms);
	return go(client, AT_HOLD);
}

static enum outcome refuse(struct client *client, int status)
{
	text_free(&client->text);
	client->wish = (struct wish){ .status = status, .closes = true };
	begin_answer(client);
	return GO_ON;
}

static enum outcome begin_tunnel(struct client *client)
{
	struct answer *answer = &client->answer;
	const struct str head = STR("HTTP/1.1 101 Switching Protocols\r\n"
				    "Connection: Upgrade\r\nUpgrade: ");
	struct str name = request.upgrade;
	char text[ANSWER_HEAD_ROOM];

	if (head.length + name.length + 4 > sizeof(text))
		return refuse(client, 400);
	memcpy(text, head.at, head.length);
	memcpy(text + head.length, name.at, name.length);
	memcpy(text + head.length + name.length, "\r\n\r\n", 4);
	answer_begin_raw(answer, (struct str){ text, head.length + name.length + 4 });
	client->after_answer = AT_TUNNEL;
	return go(client, AT_ANSWER);
}

static void count_request(struct client *client)
{
	struct tally *tally = client->worker->tally;

	if (client->wish.page == WISH_STATS)
		return;
	if (!client->is_counted)
		tally_enter(&tally->connections);
	client->is_counted = true;
	tally_enter(&tally->requests);
	client->is_active = true;
}

static enum outcome begin_request(struct client *client)
{
	struct str head = { client->bytes + client->start, request.head_length };

	client->scan = (struct h1_scan){ 0 };
	client->start += request.head_length;
	client->received = 0;
	client->is_head = request.method == H1_HEAD;
	client->wish = wish_read(request.path, client->worker->options);
	if (!request.keeps_alive)
		client->wish.closes = true;
	if (request.minor == 0)
		client->wish.is_chunked = client->wish.has_trailer = false;
	count_request(client);
	if (client->wish.page == WISH_ECHO)
		text_add(&client->text, head);
	if (request.wants_upgrade)
		return begin_tunnel(client);
	body_begin(&client->body, request.framing, request.body_length);
	if (body_is_over(&client->body))
		return hold_or_answer(client);
	client->state = AT_BODY;
	if (!request.expects_continue || client->start < client->end)
		return GO_ON;
	answer_begin_raw(&client->answer, STR("HTTP/1.1 100 Continue\r\n\r\n"));

	struct iovec parts[ANSWER_PARTS];
	int count = answer_parts(&client->answer, parts);
	/* The first bytes of a drained connection always fit; if not, the client goes on anyway. */
	ssize_t sent = socket_write(client->watch.fd, parts, count);

	return sent < 0 && sent != -EAGAIN ? go(client, AT_END) : GO_ON;
}

static enum outcome read_head(struct client *client)
{
	struct h1_fault fault;

	if (client->start == client->end)
		return read_or_end(client);
	switch (h1_read_request(&client->scan, client->bytes + client->start,
				client->end - client->start, HEAD_MAX, &request, &fault)) {
	case H1_DONE:
		return begin_request(client);
	case H1_MORE:
		return read_or_end(client);
	case H1_BAD:
		return refuse(client, fault.status);
	}
	must_not_reach();
}

static enum outcome take_content(struct client *client, struct str content)
{
	client->received += content.length;
	if (client->wish.page != WISH_ECHO)
		return GO_ON;
	if (client->text.length + content.length > ECHO_MAX)
		return refuse(client, 413);
	text_add(&client->text, content);
	return GO_ON;
}

static enum outcome read_body(struct client *client)
{
	char *bytes = client->bytes + client->start;
	struct h1_fault fault;
	size_t used, data;

	if (client->start == client->end)
		return read_or_end(client);
	body_read(&client->body, bytes, client->end - client->start, &used, &data, &fault);
	client->start += used;
	(void)take_content(client, (struct str){ bytes, data });
	if (client->state != AT_BODY)
		return GO_ON;
	switch (client->body.state) {
	case BODY_DATA:
		return GO_ON;
	case BODY_TRAILERS:
		return go(client, AT_TRAILERS);
	case BODY_END:
		return hold_or_answer(client);
	case BODY_BAD:
		return refuse(client, fault.status);
	}
	must_not_reach();
}

static enum outcome read_trailers(struct client *client)
{
	struct h1_fault fault;
	unsigned count;
	size_t used;

	switch (body_trailers(&client->body, client->bytes + client->start,
			      client->end - client->start, &used, request.fields, H1_FIELDS_MAX,
			      &count, &fault)) {
	case H1_DONE:
		client->start += used;
		return hold_or_answer(client);
	case H1_MORE:
		return read_or_end(client);
	case H1_BAD:
		return refuse(client, fault.status);
	}
	must_not_reach();
}

/* Who has left will not read an answer. */
static enum outcome hold(struct client *client)
{
	return client->has_ended ? go(client, AT_END) : WAIT;
}

static enum outcome echo(struct client *client)
{
	if (client->start == client->end) {
		if (client->has_eof)
			return go(client, AT_DRAIN);
		return read_more(client);
	}
	if (!client->can_write)
		return WAIT;

	struct iovec part = { client->bytes + client->start, client->end - client->start };
	ssize_t sent = socket_write(client->watch.fd, &part, 1);

	if (sent == -EAGAIN) {
		client->can_write = false;
		return WAIT;
	}
	if (sent < 0)
		return go(client, AT_END);
	client->start += (size_t)sent;
	return GO_ON;
}

/* A close with unread bytes in the socket would reset the connection, and with it what the client
 * has not read yet. */
static enum outcome drain(struct client *client)
{
	struct loop *loop = &client->worker->loop;

	if (!timer_is_armed(&client->timer)) {
		socket_shutdown_write(client->watch.fd);
		timer_arm(&loop->timers, &client->timer, loop->now_ms + DRAIN_MS);
	}
	if (client->has_eof)
		return go(client, AT_END);
	client->start = client->end;
	return read_more(client);
}

static enum outcome step(struct client *client)
{
	switch (client->state) {
	case AT_HEAD:
		return read_head(client);
	case AT_BODY:
		return read_body(client);
	case AT_TRAILERS:
		return read_trailers(client);
	case AT_HOLD:
		return hold(client);
	case AT_ANSWER:
		return send_answer(client);
	case AT_TUNNEL:
		return echo(client);
	case AT_DRAIN:
		return drain(client);
	case AT_END:
		return WAIT;
	}
	must_not_reach();
}

/* So that one client with a fast peer does not keep the others waiting. */
enum { STEPS_MAX = 256 };

static void run(struct task *task)
{
	struct client *client = list_entry(task, struct client, task);

	for (int steps = 0; steps < STEPS_MAX; steps++) {
		if (client->state == AT_END) {
			close_client(client);
			return;
		}
		if (step(client) == WAIT && client->state != AT_END)
			return;
	}
	loop_ready(&client->worker->loop, task);
}

static void on_event(struct watch *watch, unsigned events)
{
	struct client *client = list_entry(watch, struct client, watch);

	client->can_read |= (events & LOOP_READ) != 0;
	client->can_write |= (events & LOOP_WRITE) != 0;
	client->has_ended |= (events & LOOP_ENDED) != 0;
	loop_ready(&client->worker->loop, &client->task);
}

static void on_timer(struct timer *timer)
{
	struct client *client = list_entry(timer, struct client, timer);

	if (client->state == AT_HOLD)
		begin_answer(client);
	else
		client->state = AT_END;
	loop_ready(&client->worker->loop, &client->task);
}

static void begin_tcp(struct client *client)
{
	struct worker *worker = client->worker;

	tally_enter(&worker->tally->connections);
	client->is_counted = true;
	client->state = AT_TUNNEL;
	if (!worker->options->greets)
		return;
	text_add(&client->text, worker->name);
	text_add(&client->text, STR("\n"));
	if (client->text.length > ANSWER_HEAD_ROOM)
		text_cut(&client->text, ANSWER_HEAD_ROOM);
	answer_begin_raw(&client->answer, text_str(&client->text));
	client->state = AT_ANSWER;
	client->after_answer = AT_TUNNEL;
}

void client_open(struct worker *worker, int fd)
{
	struct client *client = slab_take(&worker->slab);

	if (client == NULL) {
		socket_close(fd);
		return;
	}
	memset(client, 0, offsetof(struct client, answer));
	client->start = client->end = 0;
	client->worker = worker;
	client->watch = (struct watch){ .fd = fd, .ready = on_event };
	client->can_read = client->can_write = true;
	loop_task_init(&client->task, run);
	timer_init(&client->timer, on_timer);
	client->later.free = free_client;
	if (loop_watch(&worker->loop, &client->watch) != 0) {
		socket_close(fd);
		slab_give(&worker->slab, client);
		return;
	}
	list_add_last(&worker->clients, &client->link);
	if (worker->options->is_tcp)
		begin_tcp(client);
	loop_ready(&worker->loop, &client->task);
}

void client_close_all(struct worker *worker)
{
	while (!list_is_empty(&worker->clients))
		close_client(list_entry(worker->clients.next, struct client, link));
}
