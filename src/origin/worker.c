/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/worker.h"

#include "origin/answer.h"
#include "origin/client.h"
#include "os/socket.h"
#include "os/thread.h"
#include "os/wake.h"

#include <errno.h>

enum { ACCEPTS_MAX = 64, CLIENTS_MAX = 1 << 20, PAUSE_MS = 100 };

static void pause_accepting(struct worker *worker)
{
	loop_pause(&worker->loop, &worker->listener);
	timer_arm(&worker->loop.timers, &worker->resume, worker->loop.now_ms + PAUSE_MS);
}

static void resume_accepting(struct timer *timer)
{
	struct worker *worker = list_entry(timer, struct worker, resume);

	loop_resume(&worker->loop, &worker->listener);
}

static void on_listener(struct watch *watch, unsigned events)
{
	struct worker *worker = list_entry(watch, struct worker, listener);
	struct address peer;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int fd = socket_accept(watch->fd, &peer);

		if (fd >= 0) {
			client_open(worker, fd);
			continue;
		}
		if (fd == -EAGAIN)
			return;
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM) {
			pause_accepting(worker);
			return;
		}
		/* else: that client died in the queue; the next one may live */
	}
}

static void on_stop(struct watch *watch, unsigned events)
{
	/* It can always be written to. */
	if (events & LOOP_READ)
		loop_stop(&list_entry(watch, struct worker, stop)->loop);
}

static int watch_both(struct worker *worker)
{
	int err = loop_watch(&worker->loop, &worker->listener);

	return err != 0 ? err : loop_watch(&worker->loop, &worker->stop);
}

int worker_open(struct worker *worker, const struct origin_options *options,
		const struct address *listen, struct tally *tally)
{
	int err = loop_init(&worker->loop), fd;

	if (err != 0)
		return err;
	answer_prepare();
	worker->options = options;
	worker->name = str_of(options->name != NULL ? options->name : "origin");
	worker->tally = tally;
	list_init(&worker->clients);
	slab_init(&worker->slab, client_size(), CLIENTS_MAX);
	timer_init(&worker->resume, resume_accepting);
	fd = socket_listen(listen);
	if (fd < 0) {
		err = fd;
		goto undo_loop;
	}
	worker->listener = (struct watch){ .fd = fd, .is_listener = true, .ready = on_listener };
	fd = wake_open();
	if (fd < 0) {
		err = fd;
		goto undo_listener;
	}
	worker->stop = (struct watch){ .fd = fd, .ready = on_stop };
	err = watch_both(worker);
	if (err != 0)
		goto undo_stop;
	return 0;

undo_stop:
	socket_close(worker->stop.fd);
undo_listener:
	socket_close(worker->listener.fd);
undo_loop:
	slab_fini(&worker->slab);
	loop_fini(&worker->loop);
	return err;
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	thread_name("origin");
	loop_run(&worker->loop);
	return NULL;
}

int worker_start(struct worker *worker)
{
	return thread_start(&worker->thread, run, worker);
}

void worker_stop(struct worker *worker)
{
	wake_send(worker->stop.fd);
	thread_join(worker->thread);
}

void worker_close(struct worker *worker)
{
	client_close_all(worker);
	socket_close(loop_unwatch(&worker->loop, &worker->listener));
	socket_close(loop_unwatch(&worker->loop, &worker->stop));
	loop_fini(&worker->loop);
	slab_fini(&worker->slab);
}
