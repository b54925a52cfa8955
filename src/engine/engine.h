/* SPDX-License-Identifier: Apache-2.0
 * engine.h - the packet engine: a pinned thread and everything that only it may touch.
 */
#pragma once

#include "base/check.h"
#include "engine/buffer.h"
#include "engine/loop.h"
#include "engine/mailbox.h"
#include "engine/tube.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { ENGINES_MAX = 128 };

/* Owner: the engine. Lies in zeroed memory, aligned as its type asks, before engine_init(). Control
 * reads loop.heartbeat and the mailboxes' own ends only. */
struct engine {
	unsigned index;
	int cpu; /* pinned to it; -1: not pinned */
	struct loop loop;
	struct buffer_pool buffers;
	struct tube_pool tubes;
	struct mailbox inbox;      /* from control */
	struct mailbox outbox;     /* to control */
	struct list unsent;        /* owned; messages that found the outbox full, oldest first */
	struct timer unsent_timer; /* tries them again; armed while there are any */
	pthread_t thread;
	/* What the data plane does; set by proxy before the start. */
	void *plane; /* struct proxy *, which no lower floor knows */
	void (*receive)(struct engine *engine, const struct message *message);
	void (*begin)(struct engine *engine); /* first thing on the thread */
	void (*end)(struct engine *engine);   /* last thing on the thread */
	void (*rung)(struct engine
			     *engine); /* after engine_ring(), once or for several; NULL: nothing */
	struct task mail_task;
	struct watch mail_watch;
	_Atomic bool bell;  /* engine_ring() */
	uint32_t meters_on; /* limits that the meters of connections obey; 0: none is asked */
	uint32_t paused_listeners; /* out of descriptors; control is told of the first and last */
};

extern _Thread_local const struct engine *engine_here;

/* First line of every function that touches an engine's own data. */
#define must_be_on(engine) must(engine_here == (engine))

/* `control` is the loop of the control thread (it watches outbox.wake_fd and reads the outbox).
 * `buffer_bytes_max` bounds the memory of the engine's buffers. 0 or -errno. */
int engine_init(struct engine *engine, unsigned index, int cpu, struct loop *control,
		size_t buffer_bytes_max) MUST_USE;
int engine_start(struct engine *engine) MUST_USE; /* the thread; 0 or -errno */
void engine_join(struct engine *engine);          /* after MESSAGE_STOP was sent */
void engine_fini(struct engine *engine);
/* To control; never lost and never blocks: what finds the outbox full is kept and sent later. */
void engine_tell(struct engine *engine, struct message message);
/* Any thread: the engine calls rung() in its next turn, and is woken when it sleeps. */
void engine_ring(struct engine *engine);
/* For tests that drive an engine's functions from the test's own thread. */
void engine_enter(const struct engine *engine);
