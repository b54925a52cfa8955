/* SPDX-License-Identifier: Apache-2.0 */
#include "conn/listener.h"

#include "os/socket.h"

#include <errno.h>

static bool is_out_of_resources(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

static void tell_paused(struct engine *engine, int error)
{
	engine_tell(engine, (struct message){ .kind = MESSAGE_ACCEPT_PAUSED,
					      .id = engine->index,
					      .number = (uint64_t)error });
}

static void pause_accepting(struct listener *listener, int error)
{
	struct engine *engine = listener->engine;

	if (!listener_is_paused(listener)) {
		loop_pause(&engine->loop, &listener->watch);
		if (engine->paused_listeners++ == 0)
			tell_paused(engine, error);
	}
	timer_arm(&engine->loop.timers, &listener->retry, engine->loop.now_ms + LISTENER_RETRY_MS);
}

/* Leaves the paused ones; the watch is the caller's to resume. */
static void end_pause(struct listener *listener)
{
	struct engine *engine = listener->engine;

	if (!listener_is_paused(listener))
		return;
	timer_cancel(&engine->loop.timers, &listener->retry);
	must(engine->paused_listeners > 0);
	if (--engine->paused_listeners == 0)
		tell_paused(engine, 0);
}

static void size_batch(struct listener *listener)
{
	uint64_t turn = listener->engine->loop.turns;

	if (turn != listener->last_turn + 1)
		listener->filled = 0;
	if (listener->filled == 0)
		listener->batch = 1;
	if (listener->filled == LISTENER_PATIENCE && listener->batch < LISTENER_BATCH) {
		listener->batch *= 4;
		listener->filled = 0;
	}
	listener->filled++;
	listener->last_turn = turn;
}

struct caller {
	int fd;
	struct address peer;
};

/* At most a batch: whoever is left makes the descriptor readable again in the next turn. */
static unsigned accept_all(struct listener *listener, struct caller callers[LISTENER_BATCH])
{
	unsigned count = 0;

	for (unsigned tries = 0; tries < listener->batch; tries++) {
		struct caller *caller = &callers[count];

		caller->fd = socket_accept(listener->watch.fd, &caller->peer);
		if (caller->fd == -EAGAIN) {
			listener->filled = 0;
			break;
		}
		if (is_out_of_resources(caller->fd)) {
			pause_accepting(listener, -caller->fd);
			break;
		}
		if (caller->fd >= 0)
			count++;
		/* else: that client died in the queue; the next one may live */
	}
	return count;
}

/* First all of them, so that it is known how many there are. */
static void accept_batch(struct listener *listener)
{
	struct caller callers[LISTENER_BATCH];
	unsigned count;

	size_batch(listener);
	count = accept_all(listener, callers);
	for (unsigned i = 0; i < count; i++)
		listener->accepted(listener, callers[i].fd, &callers[i].peer, count - i - 1);
}

static void run(struct task *task)
{
	struct listener *listener = list_entry(task, struct listener, task);

	must_be_on(listener->engine);
	if (listener_is_open(listener))
		accept_batch(listener);
}

static void on_event(struct watch *watch, unsigned events)
{
	struct listener *listener = list_entry(watch, struct listener, watch);

	(void)events;
	if (!listener_is_paused(listener))
		loop_ready(&listener->engine->loop, &listener->task);
}

/* One client tells whether there is room again. An empty queue tells nothing, but then nobody
 * waits either. */
static void retry(struct timer *timer)
{
	struct listener *listener = list_entry(timer, struct listener, retry);
	struct engine *engine = listener->engine;
	struct address peer;
	int fd = socket_accept(listener->watch.fd, &peer);

	/* Firing has disarmed the timer, which is what being paused means. */
	timer_arm(&engine->loop.timers, timer, engine->loop.now_ms + LISTENER_RETRY_MS);
	if (is_out_of_resources(fd))
		return;
	end_pause(listener);
	loop_resume(&engine->loop, &listener->watch);
	if (fd >= 0)
		listener->accepted(listener, fd, &peer, 0);
}

int listener_open(struct listener *listener, struct engine *engine, int fd,
		  void (*accepted)(struct listener *listener, int fd, const struct address *peer,
				   unsigned following),
		  void *owner)
{
	int err;

	must_be_on(engine);
	must(fd >= 0 && accepted != NULL);
	*listener = (struct listener){
		.watch = { .fd = fd, .is_listener = true, .ready = on_event },
		.engine = engine,
		.accepted = accepted,
		.owner = owner,
	};
	loop_task_init(&listener->task, run);
	timer_init(&listener->retry, retry);
	err = loop_watch(&engine->loop, &listener->watch);
	if (err != 0)
		listener->watch.fd = -1;
	return err;
}

void listener_close(struct listener *listener)
{
	if (!listener_is_open(listener))
		return;
	must_be_on(listener->engine);
	end_pause(listener);
	loop_unready(&listener->task);
	(void)loop_unwatch(&listener->engine->loop, &listener->watch);
}
