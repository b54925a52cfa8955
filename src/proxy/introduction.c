/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/introduction.h"

#include "os/socket.h"
#include "proxy/proxy.h"

#include <errno.h>

static struct loop *loop_of(const struct introduction *introduction)
{
	return &introduction->proxy->engine->loop;
}

bool introduction_is_due(const struct vserver *reached, const struct address *peer)
{
	for (uint32_t i = 0; i < reached->trusted_count; i++)
		if (network_has(&reached->trusted[i], peer))
			return true;
	return false;
}

/* --- the end --- */

static void give_back(struct loop_free *later)
{
	struct introduction *introduction = list_entry(later, struct introduction, free_later);

	slab_give(&introduction->proxy->introduction_slab, introduction);
}

void introduction_free(struct introduction *introduction)
{
	if (introduction != NULL)
		loop_free_later(loop_of(introduction), &introduction->free_later);
}

/* Nothing more is read: returns the descriptor. */
static int end_reading(struct introduction *introduction)
{
	int fd = loop_unwatch(loop_of(introduction), &introduction->watch);

	timer_cancel(&loop_of(introduction)->timers, &introduction->timer);
	loop_unready(&introduction->task);
	list_remove(&introduction->link);
	return fd;
}

/* The slot may go with the drop: last. */
static void refuse(struct introduction *introduction)
{
	struct vserver *reached = introduction->reached;
	int fd = end_reading(introduction);

	socket_reset_on_close(fd);
	socket_close(fd);
	introduction_free(introduction);
	vserver_drop(reached);
}

static void refuse_bad(struct introduction *introduction)
{
	stat_add(&introduction->reached->stats->bad_introductions, 1);
	refuse(introduction);
}

void introduction_close_all(struct proxy *proxy)
{
	while (!list_is_empty(&proxy->introductions))
		refuse(list_entry(proxy->introductions.next, struct introduction, link));
}

/* --- reading --- */

static void hand_over(struct introduction *introduction, size_t length)
{
	struct vserver *reached = introduction->reached;
	char bytes[PROXY_PROTOCOL_READ_MAX];
	int fd;

	/* It was seen there a moment ago, so this takes it whole. */
	if (socket_read(introduction->watch.fd, bytes, length) != (ssize_t)length) {
		refuse_bad(introduction);
		return;
	}
	if (introduction->header.has_addresses)
		introduction->client = introduction->header.source;
	fd = end_reading(introduction);
	proxy_introduced(introduction->proxy, reached, fd, introduction);
	vserver_drop(reached);
}

/* Looks without taking: what follows the header is the session's. */
static void look(struct introduction *introduction)
{
	char bytes[PROXY_PROTOCOL_READ_MAX];
	ssize_t seen = socket_peek(introduction->watch.fd, bytes, sizeof(bytes));
	struct str text = { bytes, seen > 0 ? (size_t)seen : 0 };
	size_t length;

	if (seen == 0 || (seen < 0 && seen != -EAGAIN)) {
		refuse(introduction);
		return;
	}
	switch (proxy_protocol_read(text, &introduction->header, &length)) {
	case PROXY_PROTOCOL_OK:
		hand_over(introduction, length);
		return;
	case PROXY_PROTOCOL_MORE:
		if (introduction->has_ended)
			refuse_bad(introduction);
		return;
	case PROXY_PROTOCOL_BAD:
		refuse_bad(introduction);
		return;
	}
	must_not_reach();
}

static void run(struct task *task)
{
	look(list_entry(task, struct introduction, task));
}

static void on_event(struct watch *watch, unsigned events)
{
	struct introduction *introduction = list_entry(watch, struct introduction, watch);

	if (events & (LOOP_ENDED | LOOP_BROKEN))
		introduction->has_ended = true;
	loop_ready(loop_of(introduction), &introduction->task);
}

static void on_timer(struct timer *timer)
{
	refuse_bad(list_entry(timer, struct introduction, timer));
}

/* --- the begin --- */

static void close_now(struct proxy *proxy, int fd)
{
	stat_add(&proxy->stats->refused_memory, 1);
	socket_reset_on_close(fd);
	socket_close(fd);
}

void introduction_start(struct proxy *proxy, struct vserver *reached, int fd,
			const struct address *peer)
{
	struct introduction *introduction = slab_take(&proxy->introduction_slab);

	must_be_on(proxy->engine);
	if (introduction == NULL) {
		close_now(proxy, fd);
		return;
	}
	*introduction = (struct introduction){ .proxy = proxy,
					       .reached = reached,
					       .watch = { .fd = fd, .ready = on_event },
					       .client = *peer,
					       .free_later.free = give_back };
	list_init(&introduction->link);
	list_init(&introduction->free_later.link);
	loop_task_init(&introduction->task, run);
	timer_init(&introduction->timer, on_timer);
	if (loop_watch(&proxy->engine->loop, &introduction->watch) != 0) {
		slab_give(&proxy->introduction_slab, introduction);
		close_now(proxy, fd);
		return;
	}
	vserver_hold(reached);
	list_add_last(&proxy->introductions, &introduction->link);
	timer_arm(&proxy->engine->loop.timers, &introduction->timer,
		  proxy->engine->loop.now_ms + proxy->request_timeout_ms);
	loop_ready(&proxy->engine->loop, &introduction->task);
}

/* --- the next one is told --- */

/* False: the client has gone, and nobody knows any more who it was. */
static bool tell_of(const struct session *session, int fd, struct proxy_protocol *header)
{
	const struct introduction *introduction = session->introduction;

	if (introduction != NULL)
		*header = introduction->header;
	if (!header->has_addresses) {
		header->has_addresses = socket_peer(fd, &header->source) == 0 &&
					socket_local(fd, &header->destination) == 0;
		if (!header->has_addresses)
			return false;
	}
	(void)trail_add(&header->trail, session->proxy->appliance);
	return true;
}

bool introduction_send(const struct session *session, const struct conn *client,
		       struct server_conn *server)
{
	unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX];
	struct proxy_protocol header = { 0 };
	struct iovec part = { bytes, 0 };
	size_t done;

	if (!server->service->sends_proxy_protocol)
		return true;
	if (!tell_of(session, client->watch.fd, &header))
		return false;
	part.iov_len = proxy_protocol_write(&header, bytes);
	/* A new connection has room for it. */
	return conn_write(&server->conn, &part, 1, &done) == CONN_DONE;
}
