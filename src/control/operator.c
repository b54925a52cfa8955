/* SPDX-License-Identifier: Apache-2.0 */
#include "control/operator.h"

#include "base/heap.h"
#include "os/local.h"
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { RETRY_MS = 100, PIECE = 16384, UNSENT_MAX = 8 * 1024 * 1024 };
/* Bytes without which nobody is listened to: a line, twice while its text grows, and a refusal. */
enum { LINE_ROOM = 3 * OPERATOR_LINE_MAX };

/* Owner: control. */
struct operator
{
	struct list link;
	struct operators *operators;
	struct watch watch;
	struct task task;
	struct timer timer; /* an engine does not answer: the operator shall know that much */
	struct text in, out;
	size_t sent;
	uint64_t wait_for; /* snapshot that must be everywhere before more of `out` is sent */
	bool has_ended;    /* says no more */
	struct loop_free later;
};

static void free_operator(struct loop_free *later)
{
	struct operator* operator= list_entry(later, struct operator, later);

	text_free(&operator->in);
	text_free(&operator->out);
	free(operator);
}

/* A descriptor that is free is taken by the next client that waits for one: who leaves leaves his
 * for the next operator, in one step. */
static void give_up(struct operators *operators, int fd)
{
	if (operators->spare_fd < 0 && dup3(operators->watch.fd, fd, O_CLOEXEC) == fd)
		operators->spare_fd = fd;
	else
		socket_close(fd);
}

static void close_operator(struct operator* operator)
{
	struct operators *operators = operator->operators;

	give_up(operators, loop_unwatch(operators->loop, &operator->watch));
	timer_cancel(&operators->loop->timers, &operator->timer);
	list_remove(&operator->task.link);
	list_remove(&operator->link);
	operators->count--;
	loop_free_later(operators->loop, &operator->later);
}

static bool is_waiting(const struct operator* operator)
{
	return operator->wait_for> operator->operators->everywhere;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* False when the connection is broken. */
static bool flush(struct operator* operator)
{
	while (!is_waiting(operator) && operator->sent<operator->out.length) {
		struct iovec part = { operator->out.at + operator->sent,
				      operator->out.length - operator->sent };
		ssize_t done = socket_write(operator->watch.fd, &part, 1);

		if (done == -EAGAIN)
			return true;
		if (done < 0)
			return false;
		operator->sent +=(size_t) done;
	}
	if (operator->sent == operator->out.length) {
		text_free(&operator->out);
		operator->sent = 0;
	}
	return true;
}

static void add_answer(struct operator* operator, unsigned status, const struct text *body)
{
	text_print(&operator->out, "%u %zu\n", status, body->length);
	text_add(&operator->out, text_str(body));
}

/* --- reading ---------------------------------------------------------------------------------- */

static void execute(struct operator* operator, struct str line)
{
	struct operators *operators = operator->operators;
	struct text body = TEXT_EMPTY;
	unsigned status;

	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	if (line.length > OPERATOR_LINE_MAX) {
		text_print(&body, "ERROR: the line is longer than %d bytes\n", OPERATOR_LINE_MAX);
		status = 1;
	} else {
		status = operators->execute(operators->context, line, &body);
	}
	add_answer(operator, status, &body);
	text_free(&body);
}

/* Every whole line. True when there was one. */
static bool run_lines(struct operator* operator)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(operator->in.at + used, '\n', operator->in.length - used)) != NULL) {
		size_t length = (size_t)(end - operator->in.at) - used;

		execute(operator,(struct str){ operator->in.at + used, length });
		used += length + 1;
	}
	if (used == 0)
		return false;
	memmove(operator->in.at, operator->in.at + used, operator->in.length - used);
	text_cut(&operator->in, operator->in.length - used);
	return true;
}

static void wait_until_settled(struct operator* operator)
{
	struct operators *operators = operator->operators;

	operator->wait_for = operators->settle(operators->context);
	if (is_waiting(operator))
		timer_arm(&operators->loop->timers, &operator->timer,
			  operators->loop->now_ms + OPERATOR_WAIT_MS);
}

/* What has come, at most so much that one who only talks cannot fill the memory. */
static bool read_some(struct operator* operator)
{
	char piece[PIECE];

	while (!operator->has_ended && operator->in.length <= OPERATOR_LINE_MAX) {
		ssize_t got = socket_read(operator->watch.fd, piece, sizeof(piece));

		if (got == -EAGAIN)
			return true;
		if (got < 0)
			return false;
		operator->has_ended = got == 0;
		text_add(&operator->in, (struct str){ piece, (size_t)got });
	}
	return true;
}

static void refuse_endless_line(struct operator* operator)
{
	struct text body = TEXT_EMPTY;

	text_print(&body, "ERROR: the line is longer than %d bytes\n", OPERATOR_LINE_MAX);
	add_answer(operator, 1, &body);
	text_free(&body);
	text_free(&operator->in);
	operator->has_ended = true;
}

static void run(struct task *task)
{
	struct operator* operator= list_entry(task, struct operator, task);
	bool is_fine = heap_has_room(LINE_ROOM) && flush(operator);

	if (is_fine && operator->out.length - operator->sent<UNSENT_MAX) {
		is_fine = read_some(operator);
		if (is_fine && operator->in.length> 0 && run_lines(operator)) {
			wait_until_settled(operator);
			loop_ready(operator->operators->loop, task); /* there may be more to read */
		} else if (operator->in.length> OPERATOR_LINE_MAX) {
			refuse_endless_line(operator);
		}
		is_fine = is_fine && flush(operator);
	}
	if (!is_fine || (operator->has_ended && operator->out.length == 0))
		close_operator(operator);
}

static void on_event(struct watch *watch, unsigned events)
{
	struct operator* operator= list_entry(watch, struct operator, watch);

	(void)events;
	loop_ready(operator->operators->loop, &operator->task);
}

static void give_up_waiting(struct timer *timer)
{
	struct operator* operator= list_entry(timer, struct operator, timer);

	operator->wait_for = 0;
	loop_ready(operator->operators->loop, &operator->task);
}

/* --- coming and going ------------------------------------------------------------------------- */

static void add_operator(struct operators *operators, int fd)
{
	struct operator* operator= calloc(1, sizeof(*operator));

	if (operator== NULL) {
		socket_close(fd);
		return;
	}
	operator->operators = operators;
	operator->watch =(struct watch){ .fd = fd, .ready = on_event };
	operator->later.free = free_operator;
	loop_task_init(&operator->task, run);
	timer_init(&operator->timer, give_up_waiting);
	if (operators->count >= OPERATORS_MAX ||
	    loop_watch(operators->loop, &operator->watch) < 0) {
		give_up(operators, fd);
		free(operator);
		return;
	}
	operators->count++;
	list_add_last(&operators->all, &operator->link);
	loop_ready(operators->loop, &operator->task);
}

/* When clients have taken all descriptors the operator is the one who can do something about it. */
static int accept_with_spare(struct operators *operators)
{
	int fd = local_accept(operators->watch.fd);

	if (fd != -EMFILE || operators->spare_fd < 0)
		return fd;
	socket_close(operators->spare_fd);
	operators->spare_fd = -1;
	return local_accept(operators->watch.fd);
}

static void keep_spare(struct operators *operators)
{
	if (operators->spare_fd < 0)
		operators->spare_fd = fcntl(operators->watch.fd, F_DUPFD_CLOEXEC, 0);
}

static void on_operator(struct watch *watch, unsigned events)
{
	struct operators *operators = list_entry(watch, struct operators, watch);
	int fd;

	(void)events;
	while ((fd = accept_with_spare(operators)) >= 0)
		add_operator(operators, fd);
	keep_spare(operators);
	if (fd == -EAGAIN || timer_is_armed(&operators->retry))
		return;
	loop_pause(operators->loop, &operators->watch);
	timer_arm(&operators->loop->timers, &operators->retry, operators->loop->now_ms + RETRY_MS);
}

static void retry(struct timer *timer)
{
	struct operators *operators = list_entry(timer, struct operators, retry);

	keep_spare(operators);
	loop_resume(operators->loop, &operators->watch);
}

int operator_open_all(struct operators *operators, struct loop *loop, int fd)
{
	operators->loop = loop;
	operators->count = 0;
	list_init(&operators->all);
	operators->spare_fd = -1;
	timer_init(&operators->retry, retry);
	operators->watch = (struct watch){ .fd = fd, .is_listener = true, .ready = on_operator };
	keep_spare(operators);
	return loop_watch(loop, &operators->watch);
}

void operator_close_all(struct operators *operators)
{
	if (operators->loop == NULL)
		return; /* the start failed before */
	list_each(link, after, &operators->all)
	{
		struct operator* operator= list_entry(link, struct operator, link);

		operator->wait_for = 0;
		(void)flush(operator);
		close_operator(operator);
	}
	timer_cancel(&operators->loop->timers, &operators->retry);
	if (operators->spare_fd >= 0)
		socket_close(operators->spare_fd);
	socket_close(loop_unwatch(operators->loop, &operators->watch));
}

void operator_everywhere(struct operators *operators, uint64_t number)
{
	operators->everywhere = number;
	list_each(link, after, &operators->all)
	{
		struct operator* operator= list_entry(link, struct operator, link);

		if (operator->wait_for == 0 || is_waiting(operator))
			continue;
		operator->wait_for = 0;
		timer_cancel(&operators->loop->timers, &operator->timer);
		loop_ready(operators->loop, &operator->task);
	}
}
