/* SPDX-License-Identifier: Apache-2.0
 * loop.h - the event loop of one thread: descriptors, timers, tasks.
 *
 * Events do not act: they record what became possible and mark a task as ready. A turn is:
 *   1 take the events that are there, or else wait for some, at most until the next timer
 *   2 dispatch the events of streams, then those of listeners (closes before accepts, so that a
 *     use that a client gives back is there for the next)
 *   3 timers that are due
 *   4 every ready task once, in the order they were marked; one marked meanwhile runs in this turn
 *     too, up to a bound (LOOP_ROUNDS), so that a turn ends
 *   5 the turn's end: registered hooks (quota settlement, deferred frees)
 * Time is read once a turn. epoll, edge-triggered, each descriptor registered once.
 */
#pragma once

#include "base/check.h"
#include "base/list.h"
#include "engine/nap.h"
#include "engine/timer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LOOP_READ = 1,   /* readable, or the peer has closed its half */
	LOOP_WRITE = 2,  /* writable, or connected */
	LOOP_BROKEN = 4, /* an error of the descriptor; always together with READ and WRITE */
	LOOP_ENDED = 8,  /* the peer will send no more; together with READ: read until the end */
	LOOP_URGENT = 16 /* urgent bytes came: a read ends before them, though more has come */
};

enum { LOOP_ROUNDS = 4 };  /* how often a task may run in one turn */
enum { LOOP_LATE_MS = 2 }; /* after which a descriptor is watched that nobody has asked for */

struct watch;
typedef void watch_fn(struct watch *watch, unsigned events);

/* Owner: the loop's thread. Lies inside the thing that it watches, which must live until the end
 * of the turn in which it was unwatched (loop_free_later). */
struct watch {
	int fd;               /* -1: not watched; events of this turn for it are dropped */
	bool is_listener : 1; /* dispatched after all others */
	bool is_late : 1;     /* loop_watch_later(), and not yet watched */
	bool is_reader : 1;   /* no LOOP_WRITE before loop_watch_writes() */
	uint16_t late_ms;     /* is_late since; the low bits of the time */
	watch_fn *ready;
	struct list late; /* in the loop's while is_late */
};

struct task;
typedef void task_fn(struct task *task);

/* Work to be done in this turn, once, however many events ask for it. */
struct task {
	struct list link; /* in the loop's ready list while marked */
	task_fn *run;
};

/* Called at the end of every turn. Registered for the life of the loop. */
struct loop_hook {
	struct list link;
	void (*turn_end)(struct loop_hook *hook);
};

/* Something to be freed at the end of the turn. */
struct loop_free {
	struct list link;
	void (*free)(struct loop_free *later);
};

struct loop {
	int epoll_fd;
	bool is_stopping;
	uint64_t now_ms; /* monotonic; read once a turn */
	uint64_t turns;
	uint64_t events;
	struct timer_wheel timers;
	struct list ready; /* tasks */
	struct list hooks;
	struct list frees;
	struct list late;           /* watches, the oldest first */
	struct nap nap;             /* allowed by the data plane */
	_Atomic uint64_t heartbeat; /* = turns, for the watchdog; relaxed: a number only */
	_Atomic bool is_asleep;     /* inside the wait; see mailbox.c for its order */
	/* Asked every turn before the wait: true when mail is there; it has then marked the task
	 * that reads it. Looks with mailbox_has_mail() at every mailbox of this loop. NULL: no
	 * mail. */
	bool (*has_mail)(struct loop *loop);
};

int loop_init(struct loop *loop) MUST_USE; /* 0 or -errno */
void loop_fini(struct loop *loop);

/* Edge-triggered for reading and writing (level-triggered for reading only when is_listener).
 * 0 or -errno. */
int loop_watch(struct loop *loop, struct watch *watch) MUST_USE;
/* Likewise, once loop_watch_now() is called, or by itself after LOOP_LATE_MS: a stream that is over
 * before then costs the kernel no registration. The watch begins with what is there already, so
 * events come late, but they come. When it fails by itself that is told as LOOP_BROKEN. */
void loop_watch_later(struct loop *loop, struct watch *watch);
/* 0 or -errno; 0 also when it is watched already. */
int loop_watch_now(struct loop *loop, struct watch *watch) MUST_USE;
/* From now on a reader has LOOP_WRITE, too; at once when it is writable. 0 or -errno. */
int loop_watch_writes(struct loop *loop, struct watch *watch) MUST_USE;
/* Before the descriptor is closed. Sets fd to -1 and returns the descriptor. */
int loop_unwatch(struct loop *loop, struct watch *watch);
/* As loop_unwatch() without its system call: only for a descriptor that is closed right now,
 * which ends the watch by itself. It must have no duplicate, not even in a child that was just
 * forked: that is why a process with loops does not fork (os/starter.h). */
static inline int loop_forget(struct watch *watch)
{
	int fd = watch->fd;

	if (watch->is_late)
		list_remove(&watch->late);
	watch->is_late = false;
	watch->fd = -1;
	return fd;
}
/* A listener that shall be silent for a while (out of descriptors), and again. */
void loop_pause(struct loop *loop, struct watch *watch);
void loop_resume(struct loop *loop, struct watch *watch);

static inline void loop_task_init(struct task *task, task_fn *run)
{
	list_init(&task->link);
	task->run = run;
}

static inline void loop_ready(struct loop *loop, struct task *task)
{
	if (!list_is_in(&task->link))
		list_add_last(&loop->ready, &task->link);
}

/* Not wanted any more; also when it is not marked. Before its memory goes. */
static inline void loop_unready(struct task *task)
{
	list_remove(&task->link);
}

void loop_add_hook(struct loop *loop, struct loop_hook *hook);
void loop_free_later(struct loop *loop, struct loop_free *later);

void loop_turn(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);
