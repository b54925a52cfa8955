/* SPDX-License-Identifier: Apache-2.0
 * The command socket: a line is answered with its status and length; lines may come ahead and in
 * pieces; a change is answered when it is everywhere; a line without an end is refused.
 */
#include "control/operator.h"

#include "os/limits.h"
#include "os/local.h"
#include "os/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct room {
	struct loop loop;
	struct operators operators;
	char path[64];
	uint64_t settled;
	unsigned lines;
	int client;
	struct timer tick; /* so that a turn in which nothing happens ends */
};

static void tick(struct timer *timer)
{
	struct room *room = list_entry(timer, struct room, tick);

	timer_arm(&room->loop.timers, timer, room->loop.now_ms + 1);
}

static unsigned echo(void *context, struct str line, struct text *answer)
{
	struct room *room = context;

	room->lines++;
	text_print(answer, "<%.*s>", STR_ARG(line));
	return str_starts(line, STR("bad"));
}

static uint64_t settle(void *context)
{
	return ((struct room *)context)->settled;
}

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	int fd;

	snprintf(room->path, sizeof(room->path), "/tmp/operator_test.%d", (int)getpid());
	assert_int_equal(loop_init(&room->loop), 0);
	fd = local_listen(room->path);
	assert_true(fd >= 0);
	room->operators.context = room;
	room->operators.execute = echo;
	room->operators.settle = settle;
	assert_int_equal(operator_open_all(&room->operators, &room->loop, fd), 0);
	timer_init(&room->tick, tick);
	timer_arm(&room->loop.timers, &room->tick, room->loop.now_ms + 1);
	room->client = local_connect(room->path);
	assert_true(room->client >= 0);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	if (room->client >= 0)
		close(room->client);
	operator_close_all(&room->operators);
	timer_cancel(&room->loop.timers, &room->tick);
	loop_fini(&room->loop);
	unlink(room->path);
	free(room);
	return 0;
}

static void say(struct room *room, const char *words)
{
	assert_int_equal(write(room->client, words, strlen(words)), strlen(words));
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&room->loop);
}

static void hear(struct room *room, const char *words)
{
	char got[256] = { 0 };

	assert_int_equal(read(room->client, got, sizeof(got) - 1), strlen(words));
	assert_string_equal(got, words);
}

static bool is_silent(struct room *room)
{
	return socket_is_quiet(room->client);
}

static void lines_are_answered(void **state)
{
	struct room *room = *state;

	say(room, "one\n");
	hear(room, "0 5\n<one>");
	say(room, "bad\r\ntwo\nthr");
	hear(room, "1 5\n<bad>0 5\n<two>");
	say(room, "ee\n");
	hear(room, "0 7\n<three>");
}

static void changes_are_answered_when_everywhere(void **state)
{
	struct room *room = *state;

	room->settled = 4;
	say(room, "set\n");
	assert_int_equal(room->lines, 1);
	assert_true(is_silent(room));
	operator_everywhere(&room->operators, 3);
	loop_turn(&room->loop);
	loop_turn(&room->loop);
	assert_true(is_silent(room));
	operator_everywhere(&room->operators, 4);
	loop_turn(&room->loop);
	hear(room, "0 5\n<set>");
}

static void endless_line_is_refused(void **state)
{
	struct room *room = *state;
	char piece[4096], got[256] = { 0 };
	ssize_t length;

	memset(piece, 'x', sizeof(piece));
	for (unsigned i = 0; i < 20; i++) {
		(void)!socket_write(room->client, &(struct iovec){ piece, sizeof(piece) }, 1);
		loop_turn(&room->loop);
	}
	length = read(room->client, got, sizeof(got) - 1);
	assert_true(length > 2);
	assert_int_equal(got[0], '1');
	assert_int_equal(room->lines, 0);
}

static void who_leaves_is_forgotten(void **state)
{
	struct room *room = *state;

	say(room, "one\n");
	assert_int_equal(room->operators.count, 1);
	close(room->client);
	room->client = -1;
	for (unsigned i = 0; i < 10 && room->operators.count > 0; i++)
		loop_turn(&room->loop);
	assert_int_equal(room->operators.count, 0);
}

/* Clients have taken every descriptor: the operator still gets in. */
static void operator_gets_in_without_descriptors(void **state)
{
	struct room *room = *state;
	struct rlimit before;
	int second, lowest;

	say(room, "one\n");
	hear(room, "0 5\n<one>");
	second = local_connect(room->path);
	assert_true(second >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowest = dup(second);
	close(lowest);
	assert_int_equal(limits_set_descriptors((uint64_t)lowest), 0);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&room->loop);
	assert_int_equal(room->operators.count, 2);
	assert_int_equal(room->operators.spare_fd, -1);
	/* Who leaves leaves his descriptor for the next one, before a client can have it. */
	close(second);
	for (unsigned i = 0; i < 10 && room->operators.count > 1; i++)
		loop_turn(&room->loop);
	assert_int_equal(room->operators.count, 1);
	assert_true(room->operators.spare_fd >= 0);
	assert_int_equal(limits_set_descriptors(before.rlim_cur), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_are_answered_when_everywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(endless_line_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(operator_gets_in_without_descriptors, setup,
						teardown),
		cmocka_unit_test_setup_teardown(who_leaves_is_forgotten, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
