/* SPDX-License-Identifier: Apache-2.0
 * A turn does its five things in their order; nothing fires too early, is lost, or runs on after it
 * was taken back; a turn ends even when a task never does.
 */
#include "engine/loop.h"
#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop loop;
static char trace[64];

static void note(char what)
{
	size_t length = strlen(trace);

	if (length + 1 < sizeof(trace)) {
		trace[length] = what;
		trace[length + 1] = '\0';
	}
}

static int set_up(void **state)
{
	(void)state;
	trace[0] = '\0';
	return loop_init(&loop);
}

static int tear_down(void **state)
{
	(void)state;
	loop_fini(&loop);
	return 0;
}

/* A watched end of a pair of sockets. */
struct end {
	struct watch watch;
	struct task task;
	int other;
	unsigned events;
	char name;
};

static void end_ready(struct watch *watch, unsigned events)
{
	struct end *end = list_entry(watch, struct end, watch);

	end->events |= events;
	note(end->name);
	loop_ready(&loop, &end->task);
}

static void end_run(struct task *task)
{
	note((char)(list_entry(task, struct end, task)->name + 'A' - 'a'));
}

static void open_end(struct end *end, char name, bool is_listener)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			 0);
	*end = (struct end){
		.watch = { .fd = pair[0], .is_listener = is_listener, .ready = end_ready },
		.other = pair[1]
	};
	end->name = name;
	loop_task_init(&end->task, end_run);
	assert_int_equal(loop_watch(&loop, &end->watch), 0);
}

static void close_end(struct end *end)
{
	if (end->watch.fd >= 0)
		close(loop_unwatch(&loop, &end->watch));
	if (end->other >= 0)
		close(end->other);
}

static void say(struct end *end)
{
	assert_int_equal(write(end->other, "x", 1), 1);
}

static void end_of_nobody(struct task *task)
{
	(void)task;
}

/* It is not watched yet, and a reader. */
static void open_late(struct end *end, char name)
{
	int fd;

	open_end(end, name, false);
	fd = loop_unwatch(&loop, &end->watch);
	end->watch.fd = fd;
	end->watch.is_reader = true;
	loop_watch_later(&loop, &end->watch);
}

/* The time of the loop stands still while there is work: a turn does not sleep. */
static void turn_at_once(void)
{
	struct task work;

	loop_task_init(&work, end_of_nobody);
	loop_ready(&loop, &work);
	loop_turn(&loop);
}

static void test_late_watch_when_asked(void **state)
{
	struct end stream;

	(void)state;
	open_late(&stream, 's');
	say(&stream);
	turn_at_once();
	assert_int_equal(stream.events, 0);
	assert_int_equal(loop_watch_now(&loop, &stream.watch), 0);
	assert_int_equal(loop_watch_now(&loop, &stream.watch), 0);
	loop_turn(&loop);
	assert_int_equal(stream.events, LOOP_READ); /* what was there before counts */
	assert_int_equal(loop_watch_writes(&loop, &stream.watch), 0);
	loop_turn(&loop);
	assert_int_equal(stream.events, LOOP_READ | LOOP_WRITE);
	close_end(&stream);
}

static void test_late_watch_by_itself(void **state)
{
	uint64_t begin_ms = loop.now_ms;
	struct end stream;

	(void)state;
	open_late(&stream, 's');
	close(stream.other);
	stream.other = -1;
	while (stream.events == 0)
		loop_turn(&loop);
	assert_true(loop.now_ms - begin_ms >= LOOP_LATE_MS);
	assert_true((stream.events & LOOP_ENDED) != 0);
	close_end(&stream);
}

static void test_late_watch_forgotten(void **state)
{
	struct end first, second;

	(void)state;
	open_late(&first, 'f');
	open_late(&second, 's');
	close_end(&first);
	assert_int_equal(loop_watch_writes(&loop, &second.watch), 0);
	loop_turn(&loop);
	assert_string_equal(trace, "sS");
	close_end(&second);
	assert_true(list_is_empty(&loop.late));
}

/* What cannot be watched is told as broken. */
static void test_late_watch_that_fails(void **state)
{
	char name[] = "/tmp/spillway-loop-XXXXXX";
	int file = mkstemp(name); /* epoll refuses files */
	struct end stream;
	int fd;

	(void)state;
	assert_true(file >= 0);
	unlink(name);
	open_late(&stream, 's');
	fd = stream.watch.fd;
	stream.watch.fd = file;
	while (stream.events == 0)
		loop_turn(&loop);
	assert_true((stream.events & LOOP_BROKEN) != 0);
	stream.watch.fd = -1;
	close(file);
	close(fd);
	close_end(&stream);
}

static void test_streams_before_listeners(void **state)
{
	struct end listener, stream;

	(void)state;
	open_end(&listener, 'l', true);
	open_end(&stream, 's', false);
	say(&listener);
	say(&stream);
	loop_turn(&loop);
	assert_string_equal(trace, "slSL");
	assert_int_equal(loop.events, 2);
	assert_int_equal(loop.turns, 1);
	close_end(&listener);
	close_end(&stream);
}

static void test_edges_and_levels(void **state)
{
	struct end listener, stream;

	(void)state;
	open_end(&listener, 'l', true);
	open_end(&stream, 's', false);
	say(&listener);
	say(&stream);
	loop_turn(&loop);
	loop_turn(&loop); /* nothing was read: the level stays, the edge is over */
	assert_string_equal(trace, "slSLlL");
	loop_pause(&loop, &listener.watch);
	trace[0] = '\0';
	say(&stream);
	loop_turn(&loop);
	assert_string_equal(trace, "sS");
	loop_resume(&loop, &listener.watch);
	loop_turn(&loop);
	assert_string_equal(trace, "sSlL");
	close_end(&listener);
	close_end(&stream);
}

static void test_what_events_say(void **state)
{
	struct end stream;

	(void)state;
	open_end(&stream, 's', false);
	loop_turn(&loop);
	assert_int_equal(stream.events, LOOP_WRITE);
	stream.events = 0;
	say(&stream);
	loop_turn(&loop);
	assert_int_equal(stream.events & ~LOOP_WRITE, LOOP_READ);
	stream.events = 0;
	shutdown(stream.other, SHUT_WR);
	loop_turn(&loop);
	assert_int_equal(stream.events & ~LOOP_WRITE, LOOP_READ | LOOP_ENDED);
	close_end(&stream);
}

static struct end first, second;

static void close_second(struct watch *watch, unsigned events)
{
	(void)watch;
	(void)events;
	note('1');
	if (second.watch.fd >= 0)
		close(loop_forget(&second.watch));
}

static void test_events_of_an_unwatched_are_dropped(void **state)
{
	(void)state;
	open_end(&first, '1', false);
	open_end(&second, '2', false);
	first.watch.ready = close_second;
	loop_turn(&loop);
	assert_true(strcmp(trace, "1") == 0 || strcmp(trace, "21") == 0);
	close_end(&first);
	close_end(&second);
}

static struct task endless, chained[3];
static unsigned endless_runs, chained_runs;

static void run_endless(struct task *task)
{
	endless_runs++;
	loop_ready(&loop, task);
}

static void run_chained(struct task *task)
{
	chained_runs++;
	if (task < &chained[2])
		loop_ready(&loop, task + 1);
}

static void test_tasks(void **state)
{
	(void)state;
	endless_runs = chained_runs = 0;
	loop_task_init(&endless, run_endless);
	for (int i = 0; i < 3; i++)
		loop_task_init(&chained[i], run_chained);
	loop_ready(&loop, &endless);
	loop_ready(&loop, &endless);
	loop_ready(&loop, &chained[0]);
	loop_turn(&loop);
	assert_int_equal(endless_runs, LOOP_ROUNDS);
	assert_int_equal(chained_runs, 3);
	loop_turn(&loop); /* does not sleep: there is work */
	assert_int_equal(endless_runs, 2 * LOOP_ROUNDS);
	loop_unready(&endless);
	loop_unready(&endless);
	loop_ready(&loop, &chained[2]);
	loop_turn(&loop);
	assert_int_equal(endless_runs, 2 * LOOP_ROUNDS);
}

static struct timer timer;
static uint64_t fired_at;

static void fire(struct timer *it)
{
	(void)it;
	note('t');
	fired_at = loop.now_ms;
}

static void test_sleeps_until_the_timer(void **state)
{
	uint64_t start = clock_ms(), turns = 0;

	(void)state;
	fired_at = 0;
	timer_init(&timer, fire);
	timer_arm(&loop.timers, &timer, start + 100);
	for (; fired_at == 0; turns++)
		loop_turn(&loop);
	assert_true(fired_at >= start + 100);
	assert_in_range(turns, 1, 4);
}

struct hooked {
	struct loop_hook hook;
	struct loop_free later;
	struct task task;
};

static void hook_end(struct loop_hook *hook)
{
	(void)hook;
	note('h');
}

static void free_it(struct loop_free *later)
{
	(void)later;
	note('f');
}

static void run_it(struct task *task)
{
	note('r');
	loop_free_later(&loop, &list_entry(task, struct hooked, task)->later);
}

static void test_the_end_of_a_turn(void **state)
{
	struct hooked hooked = { .hook = { .turn_end = hook_end }, .later = { .free = free_it } };

	(void)state;
	timer_init(&timer, fire);
	timer_arm(&loop.timers, &timer, 0);
	loop_task_init(&hooked.task, run_it);
	loop_add_hook(&loop, &hooked.hook);
	loop_ready(&loop, &hooked.task);
	loop_turn(&loop);
	assert_string_equal(trace, "trhf");
}

static struct task mail;
static int mails;

static bool has_mail(struct loop *it)
{
	if (mails == 0)
		return false;
	loop_ready(it, &mail);
	return true;
}

static void read_mail(struct task *task)
{
	(void)task;
	note('m');
	if (--mails == 0)
		loop_stop(&loop);
}

static void test_mail_and_stop(void **state)
{
	(void)state;
	loop_task_init(&mail, read_mail);
	loop.has_mail = has_mail;
	mails = 3;
	loop_run(&loop); /* without a timer or an event: mail alone keeps it awake */
	assert_string_equal(trace, "mmm");
}

#define test_in_loop(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_loop(test_streams_before_listeners),
		test_in_loop(test_edges_and_levels),
		test_in_loop(test_late_watch_when_asked),
		test_in_loop(test_late_watch_by_itself),
		test_in_loop(test_late_watch_forgotten),
		test_in_loop(test_late_watch_that_fails),
		test_in_loop(test_what_events_say),
		test_in_loop(test_events_of_an_unwatched_are_dropped),
		test_in_loop(test_tasks),
		test_in_loop(test_sleeps_until_the_timer),
		test_in_loop(test_the_end_of_a_turn),
		test_in_loop(test_mail_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
