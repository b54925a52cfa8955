/* SPDX-License-Identifier: Apache-2.0
 * keeper.h - the line between the data process and its supervisor: what shall outlive a crash.
 *
 * The data process hands over a copy of every listening socket that it opens, and its running
 * configuration after every change. The supervisor holds them; the next data process is forked
 * from it, and so finds them under the same descriptor numbers in struct keeper. A client that
 * connects in between waits in the backlog.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/text.h"
#include "os/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum keeper_kind {
	/* data process to supervisor */
	KEEPER_LISTENER, /* with a descriptor: hold it under this address and engine */
	KEEPER_CLOSED,   /* drop one that is held under this address and engine */
	KEEPER_CONFIG,   /* with a descriptor: an anonymous file, the running configuration */
	KEEPER_READY,    /* the configuration is in force */
	/* supervisor to data process */
	KEEPER_DRAIN, /* take no new clients, end when the last has left */
	KEEPER_STOP   /* end now */
};

struct keeper_message {
	enum keeper_kind kind;
	uint32_t engine;
	struct address address;
};

/* One listening socket. Two may have the same key: they are then the same socket. */
struct keeper_held {
	struct address address;
	uint32_t engine;
	int fd; /* owned; -1: was taken over */
};

/* Owner: the supervisor; after the fork the data process has a copy of it. */
struct keeper {
	int fd;                   /* this side's end of the channel; -1: none */
	struct keeper_held *held; /* owned */
	size_t count, room;
	int config_fd; /* owned; -1: none yet */
};

void keeper_init(struct keeper *keeper);
void keeper_fini(struct keeper *keeper); /* closes all that is held */

/* The supervisor's side: what a message asks for. `passed` becomes the keeper's or is closed. */
void keeper_take(struct keeper *keeper, const struct keeper_message *message, int passed);
void keeper_drop_listeners(struct keeper *keeper);

/* Either side; see channel.h. */
int keeper_send(const struct keeper *keeper, struct keeper_message message, int passed) MUST_USE;
enum channel_result keeper_receive(const struct keeper *keeper, struct keeper_message *message,
				   int *passed) MUST_USE;

/* The data process's side. Without a supervisor (fd -1) they do nothing. */
/* The descriptor of a listening socket that an earlier data process had, or -1. It is the
 * caller's from now on; the supervisor still holds it. */
int keeper_find(struct keeper *keeper, const struct address *address, uint32_t engine);
void keeper_tell_listener(const struct keeper *keeper, const struct address *address,
			  uint32_t engine, int fd);
void keeper_tell_closed(const struct keeper *keeper, const struct address *address,
			uint32_t engine);
/* False: there is no descriptor or memory for it, and the supervisor has the last one still. */
bool keeper_tell_config(const struct keeper *keeper, struct str config) MUST_USE;
void keeper_tell_ready(const struct keeper *keeper);
/* What nobody asked for is closed here and there. */
void keeper_drop_rest(struct keeper *keeper);
/* False when no data process has run before; else the configuration that it had. */
bool keeper_read_config(const struct keeper *keeper, struct text *config) MUST_USE;
