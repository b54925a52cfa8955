/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "os/clock.h"
#include "os/thread.h"
#include "os/wake.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local const struct engine *engine_here;

enum { UNSENT_RETRY_MS = 1 };

/* A message that found the outbox full. From malloc: rare, and it must not be lost. */
struct unsent {
	struct list link;
	struct message message;
};

void engine_enter(const struct engine *engine)
{
	engine_here = engine;
}

static void on_mail(struct watch *watch, unsigned events)
{
	struct engine *engine = list_entry(watch, struct engine, mail_watch);

	(void)events;
	loop_ready(&engine->loop, &engine->mail_task);
}

static bool has_mail(struct loop *loop)
{
	struct engine *engine = list_entry(loop, struct engine, loop);

	/* Seq_cst: it is the R2 of mailbox.c for the bell, as engine_ring() is its S1 and S2. */
	if (!mailbox_has_mail(&engine->inbox) &&
	    !atomic_load_explicit(&engine->bell, memory_order_seq_cst))
		return false;
	loop_ready(loop, &engine->mail_task);
	return true;
}

void engine_ring(struct engine *engine)
{
	if (atomic_exchange_explicit(&engine->bell, true, memory_order_seq_cst))
		return; /* who rang before has woken it, or does */
	if (atomic_load_explicit(&engine->loop.is_asleep, memory_order_seq_cst))
		wake_send(engine->inbox.wake_fd);
}

static void answer_bell(struct engine *engine)
{
	if (!atomic_load_explicit(&engine->bell, memory_order_relaxed))
		return;
	/* Pairs with engine_ring(): what was done before it is seen now. */
	(void)atomic_exchange_explicit(&engine->bell, false, memory_order_seq_cst);
	if (engine->rung != NULL)
		engine->rung(engine);
}

static void read_mail(struct task *task)
{
	struct engine *engine = list_entry(task, struct engine, mail_task);
	struct message message;

	answer_bell(engine);
	while (mailbox_take(&engine->inbox, &message)) {
		if (engine->receive != NULL)
			engine->receive(engine, &message);
		if (message.kind == MESSAGE_STOP)
			loop_stop(&engine->loop);
	}
}

/* As many as the outbox takes, oldest first. */
static void send_unsent(struct engine *engine)
{
	while (!list_is_empty(&engine->unsent)) {
		struct unsent *unsent = list_entry(engine->unsent.next, struct unsent, link);

		if (!mailbox_send(&engine->outbox, unsent->message))
			return;
		list_remove(&unsent->link);
		free(unsent);
	}
}

static void retry_unsent(struct timer *timer)
{
	struct engine *engine = list_entry(timer, struct engine, unsent_timer);

	send_unsent(engine);
	if (!list_is_empty(&engine->unsent))
		timer_arm(&engine->loop.timers, timer, engine->loop.now_ms + UNSENT_RETRY_MS);
}

void engine_tell(struct engine *engine, struct message message)
{
	struct unsent *unsent;

	must_be_on(engine);
	if (list_is_empty(&engine->unsent) && mailbox_send(&engine->outbox, message))
		return;
	unsent = malloc(sizeof(*unsent));
	must(unsent != NULL);
	unsent->message = message;
	list_add_last(&engine->unsent, &unsent->link);
	if (!timer_is_armed(&engine->unsent_timer))
		timer_arm(&engine->loop.timers, &engine->unsent_timer,
			  engine->loop.now_ms + UNSENT_RETRY_MS);
}

static int open_mailboxes(struct engine *engine, struct loop *control)
{
	int err = mailbox_init(&engine->inbox, &engine->loop);

	if (err != 0)
		return err;
	err = mailbox_init(&engine->outbox, control);
	if (err != 0)
		goto undo_inbox;
	engine->mail_watch = (struct watch){ .fd = engine->inbox.wake_fd, .ready = on_mail };
	err = loop_watch(&engine->loop, &engine->mail_watch);
	if (err != 0)
		goto undo_outbox;
	return 0;

undo_outbox:
	mailbox_fini(&engine->outbox);
undo_inbox:
	mailbox_fini(&engine->inbox);
	return err;
}

int engine_init(struct engine *engine, unsigned index, int cpu, struct loop *control,
		size_t buffer_bytes_max)
{
	int err = loop_init(&engine->loop);

	if (err != 0)
		return err;
	err = open_mailboxes(engine, control);
	if (err != 0) {
		loop_fini(&engine->loop);
		return err;
	}
	engine->index = index;
	engine->cpu = cpu;
	engine->loop.has_mail = has_mail;
	buffer_pool_init(&engine->buffers, buffer_bytes_max);
	tube_pool_init(&engine->tubes);
	loop_task_init(&engine->mail_task, read_mail);
	list_init(&engine->unsent);
	timer_init(&engine->unsent_timer, retry_unsent);
	engine->paused_listeners = 0;
	return 0;
}

/* The last word. When control does not read any more, nobody misses it: it joins the thread. */
static void say_stopped(struct engine *engine)
{
	send_unsent(engine);
	engine_tell(engine, (struct message){ .kind = MESSAGE_STOPPED, .id = engine->index });
}

static void *run(void *argument)
{
	struct engine *engine = argument;
	char name[16];

	engine_enter(engine);
	snprintf(name, sizeof(name), "engine/%u", engine->index);
	thread_name(name);
	clock_be_exact();
	if (engine->cpu >= 0)
		(void)thread_pin(engine->cpu); /* an engine elsewhere is slower, not wrong */
	if (engine->begin != NULL)
		engine->begin(engine);
	loop_run(&engine->loop);
	if (engine->end != NULL)
		engine->end(engine);
	say_stopped(engine);
	engine_enter(NULL);
	return NULL;
}

int engine_start(struct engine *engine)
{
	return thread_start(&engine->thread, run, engine);
}

void engine_join(struct engine *engine)
{
	thread_join(engine->thread);
}

void engine_fini(struct engine *engine)
{
	timer_cancel(&engine->loop.timers, &engine->unsent_timer);
	while (!list_is_empty(&engine->unsent)) {
		struct unsent *unsent = list_entry(engine->unsent.next, struct unsent, link);

		list_remove(&unsent->link);
		free(unsent);
	}
	loop_unwatch(&engine->loop, &engine->mail_watch);
	mailbox_fini(&engine->outbox);
	mailbox_fini(&engine->inbox);
	loop_fini(&engine->loop);
	tube_pool_fini(&engine->tubes);
	buffer_pool_fini(&engine->buffers);
}
