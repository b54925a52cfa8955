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
	list_init(&loop->late);
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

static uint32_t bits_of(const struct watch *watch)
{
	if (watch->is_listener)
		return EPOLLIN;
	return EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET |
	       (watch->is_reader ? 0 : (uint32_t)EPOLLOUT);
}

int loop_watch(struct loop *loop, struct watch *watch)
{
	must(watch->fd >= 0 && watch->ready != NULL);
	return poll_add(loop->epoll_fd, watch->fd, bits_of(watch), watch);
}

int loop_unwatch(struct loop *loop, struct watch *watch)
{
	must(watch->fd >= 0);
	if (!watch->is_late)
		poll_remove(loop->epoll_fd, watch->fd);
	return loop_forget(watch);
}

void loop_watch_later(struct loop *loop, struct watch *watch)
{
	must(watch->fd >= 0 && watch->ready != NULL && !watch->is_listener);
	watch->is_late = true;
	watch->late_ms = (uint16_t)loop->now_ms;
	list_init(&watch->late);
	list_add_last(&loop->late, &watch->late);
}

int loop_watch_now(struct loop *loop, struct watch *watch)
{
	if (!watch->is_late)
		return 0;
	watch->is_late = false;
	list_remove(&watch->late);
	return loop_watch(loop, watch);
}

int loop_watch_writes(struct loop *loop, struct watch *watch)
{
	if (!watch->is_reader)
		return 0;
	watch->is_reader = false;
	if (watch->is_late)
		return loop_watch_now(loop, watch);
	return poll_change(loop->epoll_fd, watch->fd, bits_of(watch), watch);
}

static struct watch *oldest_late(const struct loop *loop)
{
	return list_is_empty(&loop->late) ? NULL : list_entry(loop->late.next, struct watch, late);
}

/* It is as if the first event had been one of an error. */
static void watch_or_break(struct loop *loop, struct watch *watch)
{
	if (loop_watch_now(loop, watch) != 0)
		watch->ready(watch, LOOP_READ | LOOP_WRITE | LOOP_ENDED | LOOP_BROKEN);
}

/* Those whose time has come. How long the next of the others has; -1: there is none. */
static int watch_late(struct loop *loop)
{
	struct watch *watch;

	while ((watch = oldest_late(loop)) != NULL) {
		uint16_t waited = (uint16_t)(loop->now_ms - watch->late_ms);

		if (waited < LOOP_LATE_MS)
			return LOOP_LATE_MS - waited;
		watch_or_break(loop, watch);
	}
	return -1;
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
static int sleep_for_events(struct loop *loop, struct epoll_event *events, int timeout_ms)
{
	int count;

	if (nap_is_due(&loop->nap, loop->events))
		clock_nap(NAP_US);
	atomic_store_explicit(&loop->is_asleep, true, memory_order_seq_cst);
	if (look_for_mail(loop))
		timeout_ms = 0;
	count = poll_wait(loop->epoll_fd, events, EVENTS_MAX, timeout_ms);
	/* Relaxed: a sender that still sees true wakes us once too often. */
	atomic_store_explicit(&loop->is_asleep, false, memory_order_relaxed);
	return count;
}

/* A busy loop neither reads the clock nor says that it sleeps: it finds events at once. */
static int wait_for_events(struct loop *loop, struct epoll_event *events)
{
	int late_ms = watch_late(loop);
	int count, timeout_ms;

	(void)look_for_mail(loop);
	count = poll_wait(loop->epoll_fd, events, EVENTS_MAX, 0);
	timeout_ms = count == 0 ? patience(loop) : 0;
	if (timeout_ms != 0 && late_ms >= 0 && (timeout_ms < 0 || timeout_ms > late_ms))
		timeout_ms = late_ms;
	if (timeout_ms != 0)
		count = sleep_for_events(loop, events, timeout_ms);
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
	if (bits & EPOLLPRI)
		events |= LOOP_URGENT;
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
