/* SPDX-License-Identifier: Apache-2.0
 * What the data process hands over, the supervisor holds, and the next data process finds.
 */
#include "control/keeper.h"

#include "os/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct line {
	struct keeper data, supervisor;
};

static struct line open_line(void)
{
	struct line line;
	int ends[2];

	keeper_init(&line.data);
	keeper_init(&line.supervisor);
	assert_int_equal(channel_open(ends), 0);
	line.data.fd = ends[0];
	line.supervisor.fd = ends[1];
	return line;
}

static void close_line(struct line *line)
{
	keeper_fini(&line->data);
	keeper_fini(&line->supervisor);
}

/* Everything that has come; returns how many. */
static unsigned hear_all(struct line *line)
{
	struct keeper_message message;
	unsigned count = 0;
	int passed;

	while (keeper_receive(&line->supervisor, &message, &passed) == CHANNEL_GOT) {
		keeper_take(&line->supervisor, &message, passed);
		count++;
	}
	return count;
}

static struct address somewhere(uint16_t port)
{
	struct address address;

	assert_true(address_parse(STR("127.0.0.1"), port, &address));
	return address;
}

static void listeners_are_held_until_closed(void **state)
{
	struct line line = open_line();
	struct address one = somewhere(1), two = somewhere(2);
	int fd = socket_listen(&(struct address){ .v4 = { .sin_family = AF_INET } });

	(void)state;
	assert_true(fd >= 0);
	keeper_tell_listener(&line.data, &one, 0, fd);
	keeper_tell_listener(&line.data, &one, 1, fd);
	keeper_tell_listener(&line.data, &two, 0, fd);
	assert_int_equal(hear_all(&line), 3);
	assert_int_equal(line.supervisor.count, 3);
	keeper_tell_closed(&line.data, &one, 0);
	keeper_tell_closed(&line.data, &two, 7); /* nobody holds it */
	assert_int_equal(hear_all(&line), 2);
	assert_int_equal(line.supervisor.count, 2);
	assert_int_equal(keeper_find(&line.supervisor, &one, 0), -1);
	keeper_drop_listeners(&line.supervisor);
	assert_int_equal(line.supervisor.count, 0);
	socket_close(fd);
	close_line(&line);
}

/* The next data process takes what it wants, once, and the rest goes. */
static void next_process_finds_them(void **state)
{
	struct line line = open_line();
	struct address one = somewhere(1), two = somewhere(2);
	int fd = socket_listen(&(struct address){ .v4 = { .sin_family = AF_INET } });
	int found;

	(void)state;
	keeper_tell_listener(&line.data, &one, 0, fd);
	keeper_tell_listener(&line.data, &two, 0, fd);
	socket_close(fd);
	hear_all(&line);
	found = keeper_find(&line.supervisor, &one, 0);
	assert_true(found >= 0);
	assert_int_equal(keeper_find(&line.supervisor, &one, 0), -1);
	keeper_drop_rest(&line.supervisor);
	assert_int_equal(line.supervisor.count, 0);
	socket_close(found);
	close_line(&line);
}

static void newest_configuration_is_kept(void **state)
{
	struct line line = open_line();
	struct text text = TEXT_EMPTY;

	(void)state;
	assert_false(keeper_read_config(&line.supervisor, &text));
	assert_true(keeper_tell_config(&line.data, STR("first")));
	assert_true(keeper_tell_config(&line.data, STR("second")));
	assert_int_equal(hear_all(&line), 2);
	assert_true(keeper_read_config(&line.supervisor, &text));
	assert_string_equal(text.at, "second");
	text_free(&text);
	close_line(&line);
}

static void without_a_supervisor_nothing_happens(void **state)
{
	struct keeper keeper;
	struct address one = somewhere(1);

	(void)state;
	keeper_init(&keeper);
	keeper_tell_listener(&keeper, &one, 0, 0);
	keeper_tell_closed(&keeper, &one, 0);
	assert_true(keeper_tell_config(&keeper, STR("x")));
	keeper_tell_ready(&keeper);
	assert_int_equal(keeper_find(&keeper, &one, 0), -1);
	keeper_fini(&keeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_are_held_until_closed),
		cmocka_unit_test(next_process_finds_them),
		cmocka_unit_test(newest_configuration_is_kept),
		cmocka_unit_test(without_a_supervisor_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
