/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loop.h"

#include "os/clock.h"
#include "os/poll.h"
#include "os/socket.h"

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>

enum { EVENTS_MAX = 512 }; /* a turn; what is more comes with the next */

int loop_init(struct loop *loop)
{
	int fd = poll_open();

	if (fd < 0)
		return fd;
	*loop = (struct loop){ .epoll_fd = fd, .now_ms = clock_ms() };
	timer_wheel_init(&loop->timers, loop->now_ms);
	list_init(&loop->ready);
	list_init(&loop->hooks);
	list_init(&loop->frees);
	return 0;
}

static void free_all(struct loop *loop)
{
	while (!list_is_empty(&loop->frees)) {
		struct loop_free *later = list_entry(loop->frees.next, struct loop_free, link);

		list_remove(&later->link);
		later->free(later);
	}
}

void loop_fini(struct loop *loop)
{
	free_all(loop);
	socket_close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int loop_watch(struct loop *loop, struct watch *watch)
{
	uint32_t events = watch->is_listener ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

	must(watch->fd >= 0 && watch->ready != NULL);
	return poll_add(loop->epoll_fd, watch->fd, events, watch);
}

int loop_unwatch(struct loop *loop, struct watch *watch)
{
	must(watch->fd >= 0);
	poll_remove(loop->epoll_fd, watch->fd);
	return loop_forget(watch);
}

void loop_pause(struct loop *loop, struct watch *watch)
{
	must(watch->is_listener);
	must(poll_change(loop->epoll_fd, watch->fd, 0, watch) == 0);
}

void loop_resume(struct loop *loop, struct watch *watch)
{
	must(watch->is_listener);
	must(poll_change(loop->epoll_fd, watch->fd, EPOLLIN, watch) == 0);
}

void loop_add_hook(struct loop *loop, struct loop_hook *hook)
{
	list_add_last(&loop->hooks, &hook->link);
}

void loop_free_later(struct loop *loop, struct loop_free *later)
{
	list_add_last(&loop->frees, &later->link);
}

/* How long the next wait may take: 0 when there is work already, -1 for ever. */
static int patience(struct loop *loop)
{
	uint64_t next = timer_next(&loop->timers);
	uint64_t now;

	if (loop->is_stopping || !list_is_empty(&loop->ready))
		return 0;
	if (next == TIMER_NEVER)
		return -1;
	now = clock_ms();
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

static bool look_for_mail(struct loop *loop)
{
	return loop->has_mail != NULL && loop->has_mail(loop);
}

/* The order of these steps is argued in mailbox.c. */
static int wait_for_events(struct loop *loop, struct epoll_event *events)
{
	int timeout_ms = patience(loop);
	int count;

	if (timeout_ms == 0) {
		(void)look_for_mail(loop);
	} else {
		atomic_store_explicit(&loop->is_asleep, true, memory_order_seq_cst);
		if (look_for_mail(loop))
			timeout_ms = 0;
	}
	count = poll_wait(loop->epoll_fd, events, EVENTS_MAX, timeout_ms);
	/* Relaxed: a sender that still sees true wakes us once too often. */
	atomic_store_explicit(&loop->is_asleep, false, memory_order_relaxed);
	must(count >= 0);
	return count;
}

static unsigned events_of(uint32_t bits)
{
	unsigned events = 0;

	if (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		events |= LOOP_READ;
	if (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		events |= LOOP_WRITE;
	if (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		events |= LOOP_ENDED;
	if (bits & EPOLLERR)
		events |= LOOP_BROKEN;
	return events;
}

static void dispatch(const struct epoll_event *events, int count, bool listeners)
{
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->fd >= 0 && watch->is_listener == listeners)
			watch->ready(watch, events_of(events[i].events));
	}
}

static void run_ready(struct loop *loop)
{
	struct list round;

	for (int i = 0; i < LOOP_ROUNDS && !list_is_empty(&loop->ready); i++) {
		list_init(&round);
		list_move_all(&round, &loop->ready);
		while (!list_is_empty(&round)) {
			struct task *task = list_entry(round.next, struct task, link);

			list_remove(&task->link);
			task->run(task);
		}
	}
}

void loop_turn(struct loop *loop)
{
	struct epoll_event events[EVENTS_MAX];
	int count = wait_for_events(loop, events);

	loop->now_ms = clock_ms();
	loop->turns++;
	loop->events += (uint64_t)count;
	atomic_store_explicit(&loop->heartbeat, loop->turns, memory_order_relaxed);
	dispatch(events, count, false);
	dispatch(events, count, true);
	timer_run(&loop->timers, loop->now_ms);
	run_ready(loop);
	list_each(link, after, &loop->hooks) list_entry(link, struct loop_hook, link)
		->turn_end(list_entry(link, struct loop_hook, link));
	free_all(loop);
}

void loop_run(struct loop *loop)
{
	while (!loop->is_stopping)
		loop_turn(loop);
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}
