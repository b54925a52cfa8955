/* SPDX-License-Identifier: Apache-2.0
 * A program runs, says something, ends, or is ended together with its children.
 */
#include "os/program.h"

#include "os/memory_file.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void wait_for(int fd)
{
	struct pollfd what = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&what, 1, 30000), 1);
}

static void wait_for_end(int fd)
{
	char byte;

	do
		wait_for(fd);
	while (read(fd, &byte, 1) != 0);
}

static void ends_and_says(void **state)
{
	static const char *const words[] = { "/bin/sh", "-c", "id -u; exit 3", NULL };
	struct program program;
	char said[64];
	size_t length;

	(void)state;
	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.fd);
	assert_int_equal(program_status(&program), 3);
	length = program_read(&program, said, sizeof(said) - 1);
	said[length] = '\0';
	if (geteuid() == 0)
		assert_string_equal(said, "65534\n");
	program_stop(&program);
	close(program.fd);
}

static void is_killed_with_children(void **state)
{
	static const char *const words[] = { "/bin/sh", "-c", "sleep 600 & echo x; wait", NULL };
	struct program program;
	int output;

	(void)state;
	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.output);
	assert_int_equal(program_status(&program), -EAGAIN);
	output = dup(program.output);
	program_stop(&program);
	wait_for(program.fd);
	close(program.fd);
	wait_for_end(output); /* which it has when nobody is left to write */
	close(output);
}

static void reads_its_input(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	int input = memory_file_new(STR("what it shall know"));
	struct program program;
	char said[64];

	(void)state;
	assert_true(input >= 0);
	assert_int_equal(program_start(words, input, &program), 0);
	close(input);
	wait_for(program.fd);
	assert_int_equal(program_status(&program), 0);
	assert_int_equal(program_read(&program, said, sizeof(said)), 18);
	assert_memory_equal(said, "what it shall know", 18);
	close(program.fd);
	program_stop(&program);
}

/* A child that has left the group, the session and its parent. */
static void dies_with_who_left(struct program *program, bool stops)
{
	int output;

	wait_for(program->output);
	output = dup(program->output);
	if (stops)
		program_stop(program);
	wait_for(program->fd);
	if (!stops) {
		assert_int_equal(program_status(program), 5);
		program_stop(program);
	}
	close(program->fd);
	wait_for_end(output);
	close(output);
}

static void kills_who_left(void **state)
{
	static const char *const waits[] = { "/bin/sh", "-c",
					     "setsid sh -c 'echo x; sleep 600 & wait' & wait",
					     NULL };
	static const char *const ends[] = { "/bin/sh", "-c",
					    "trap 'exit 5' USR1; setsid sh -c 'echo x; kill -USR1 "
					    "'$$'; sleep 600' & wait; wait",
					    NULL };
	struct program program;

	(void)state;
	assert_int_equal(program_start(waits, -1, &program), 0);
	dies_with_who_left(&program, true);
	assert_int_equal(program_start(ends, -1, &program), 0);
	dies_with_who_left(&program, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_its_input),
					    cmocka_unit_test(ends_and_says),
					    cmocka_unit_test(kills_who_left),
					    cmocka_unit_test(is_killed_with_children) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
