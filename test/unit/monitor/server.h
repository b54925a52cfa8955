/* SPDX-License-Identifier: Apache-2.0
 * server.h - a server for monitors' tests, on the same loop: takes connections and says one thing.
 */
#pragma once

#include "engine/loop.h"
#include "os/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SERVER_CLIENTS = 64 };

struct server_client {
	struct watch watch;
	struct server *server;
	char heard[512];
	size_t length;
};

struct server {
	struct loop *loop;
	struct address at;
	struct watch listener;
	struct server_client clients[SERVER_CLIENTS];
	unsigned taken;
	struct str answer; /* empty: takes the connection and says nothing */
	bool is_endless;   /* says it again and again */
	bool closes;       /* after the answer */
	char heard[512];   /* by the last client that said something */
};

static inline void server_say(struct server *server, int fd)
{
	struct iovec part = { (void *)(uintptr_t)server->answer.at, server->answer.length };

	if (part.iov_len == 0)
		return;
	do
		if (socket_write(fd, &part, 1) < 0)
			return;
	while (server->is_endless);
}

static inline void server_hear(struct watch *watch, unsigned events)
{
	struct server_client *client = list_entry(watch, struct server_client, watch);
	struct server *server = client->server;
	ssize_t count = socket_read(watch->fd, client->heard + client->length,
				    sizeof(client->heard) - 1 - client->length);

	(void)events;
	if (count > 0) {
		client->length += (size_t)count;
		client->heard[client->length] = '\0';
		memcpy(server->heard, client->heard, sizeof(server->heard));
		if (strstr(client->heard, "\r\n\r\n") != NULL)
			server_say(server, watch->fd);
	}
	if (count == 0 || (count < 0 && count != -EAGAIN) || (count > 0 && server->closes))
		socket_close(loop_unwatch(server->loop, watch));
}

static inline void server_take(struct watch *watch, unsigned events)
{
	struct server *server = list_entry(watch, struct server, listener);
	struct server_client *client = &server->clients[server->taken % SERVER_CLIENTS];
	struct address peer;
	int fd = socket_accept(watch->fd, &peer);

	(void)events;
	if (fd < 0)
		return;
	must(client->watch.fd < 0);
	*client = (struct server_client){ .watch = { .fd = fd, .ready = server_hear } };
	client->server = server;
	server->taken++;
	must(loop_watch(server->loop, &client->watch) == 0);
}

/* Opens at the same address again when it was open before. */
static inline void server_open(struct server *server)
{
	int fd = socket_listen(&server->at);

	must(fd >= 0 && socket_local(fd, &server->at) == 0);
	server->listener = (struct watch){ .fd = fd, .is_listener = true, .ready = server_take };
	must(loop_watch(server->loop, &server->listener) == 0);
}

static inline void server_close(struct server *server)
{
	if (server->listener.fd >= 0)
		socket_close(loop_unwatch(server->loop, &server->listener));
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].watch.fd >= 0)
			socket_close(loop_unwatch(server->loop, &server->clients[i].watch));
}

static inline void server_init(struct server *server, struct loop *loop)
{
	*server = (struct server){ .loop = loop };
	for (int i = 0; i < SERVER_CLIENTS; i++)
		server->clients[i].watch.fd = -1;
	must(address_parse(STR("127.0.0.1"), 0, &server->at));
	server_open(server);
}
