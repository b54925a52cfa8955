/* SPDX-License-Identifier: Apache-2.0 */
#include "control/keeper.h"

#include "base/heap.h"
#include "os/memory_file.h"
#include "os/socket.h"

#include <stdlib.h>

void keeper_init(struct keeper *keeper)
{
	*keeper = (struct keeper){ .fd = -1, .config_fd = -1 };
}

static void close_held(struct keeper_held *held)
{
	if (held->fd >= 0)
		socket_close(held->fd);
	held->fd = -1;
}

void keeper_drop_listeners(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->count; i++)
		close_held(&keeper->held[i]);
	keeper->count = 0;
}

void keeper_fini(struct keeper *keeper)
{
	keeper_drop_listeners(keeper);
	free(keeper->held);
	if (keeper->config_fd >= 0)
		socket_close(keeper->config_fd);
	if (keeper->fd >= 0)
		socket_close(keeper->fd);
	keeper_init(keeper);
}

static struct keeper_held *find(struct keeper *keeper, const struct address *address,
				uint32_t engine)
{
	for (size_t i = 0; i < keeper->count; i++) {
		struct keeper_held *held = &keeper->held[i];

		if (held->fd >= 0 && held->engine == engine &&
		    address_equal(&held->address, address))
			return held;
	}
	return NULL;
}

static void hold(struct keeper *keeper, const struct keeper_message *message, int fd)
{
	if (keeper->count == keeper->room) {
		keeper->room = keeper->room == 0 ? 64 : keeper->room * 2;
		keeper->held = heap_resized(keeper->held, keeper->room * sizeof(*keeper->held));
		must(keeper->held != NULL);
	}
	keeper->held[keeper->count++] = (struct keeper_held){ message->address, message->engine,
							      fd };
}

static void drop(struct keeper *keeper, const struct keeper_message *message)
{
	struct keeper_held *held = find(keeper, &message->address, message->engine);

	if (held == NULL)
		return;
	close_held(held);
	*held = keeper->held[--keeper->count];
}

void keeper_take(struct keeper *keeper, const struct keeper_message *message, int passed)
{
	if (message->kind == KEEPER_LISTENER && passed >= 0) {
		hold(keeper, message, passed);
		return;
	}
	if (message->kind == KEEPER_CONFIG && passed >= 0) {
		if (keeper->config_fd >= 0)
			socket_close(keeper->config_fd);
		keeper->config_fd = passed;
		return;
	}
	if (message->kind == KEEPER_CLOSED)
		drop(keeper, message);
	if (passed >= 0)
		socket_close(passed);
}

int keeper_send(const struct keeper *keeper, struct keeper_message message, int passed)
{
	return channel_send(keeper->fd, &message, sizeof(message), passed);
}

enum channel_result keeper_receive(const struct keeper *keeper, struct keeper_message *message,
				   int *passed)
{
	return channel_receive(keeper->fd, message, sizeof(*message), passed);
}

int keeper_find(struct keeper *keeper, const struct address *address, uint32_t engine)
{
	struct keeper_held *held = find(keeper, address, engine);
	int fd;

	if (held == NULL)
		return -1;
	fd = held->fd;
	held->fd = -1;
	return fd;
}

/* A supervisor that is gone takes this process with it: a failed message needs no answer. */
static bool tell(const struct keeper *keeper, struct keeper_message message, int passed)
{
	return keeper->fd < 0 || keeper_send(keeper, message, passed) >= 0;
}

void keeper_tell_listener(const struct keeper *keeper, const struct address *address,
			  uint32_t engine, int fd)
{
	(void)tell(keeper, (struct keeper_message){ KEEPER_LISTENER, engine, *address }, fd);
}

void keeper_tell_closed(const struct keeper *keeper, const struct address *address, uint32_t engine)
{
	(void)tell(keeper, (struct keeper_message){ KEEPER_CLOSED, engine, *address }, -1);
}

void keeper_tell_ready(const struct keeper *keeper)
{
	(void)tell(keeper, (struct keeper_message){ .kind = KEEPER_READY }, -1);
}

bool keeper_tell_config(const struct keeper *keeper, struct str config)
{
	bool is_told;
	int fd;

	if (keeper->fd < 0)
		return true;
	fd = memory_file_new(config);
	if (fd < 0)
		return false;
	is_told = tell(keeper, (struct keeper_message){ .kind = KEEPER_CONFIG }, fd);
	socket_close(fd);
	return is_told;
}

void keeper_drop_rest(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->count; i++) {
		struct keeper_held *held = &keeper->held[i];

		if (held->fd < 0)
			continue;
		keeper_tell_closed(keeper, &held->address, held->engine);
		socket_close_listener(held->fd);
	}
	keeper->count = 0;
}

bool keeper_read_config(const struct keeper *keeper, struct text *config)
{
	return keeper->config_fd >= 0 && memory_file_read(keeper->config_fd, config) == 0;
}
