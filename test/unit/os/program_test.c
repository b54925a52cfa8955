/* SPDX-License-Identifier: Apache-2.0
 * A program runs, says something, ends, or is ended together with its children.
 */
#include "os/program.h"

#include "os/memory_file.h"
#include "os/starter.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
	program_fini(&program);
	close(program.fd);
}

/* Who prints a whole page needs nobody who reads all of it. */
static void says_much(void **state)
{
	static const char *const words[] = { "/bin/sh", "-c", "echo well; head -c 900000 /dev/zero",
					     NULL };
	struct program program;
	char said[5] = "";

	(void)state;
	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.fd);
	assert_int_equal(program_status(&program), 0);
	assert_int_equal(program_read(&program, said, 4), 4);
	assert_string_equal(said, "well");
	program_fini(&program);
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
	program_fini(&program);
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
	program_fini(&program);
}

/* A child that has left the group, the session and its parent. */
static void dies_with_who_left(struct program *program, bool stops)
{
	int output;

	wait_for(program->output);
	output = dup(program->output);
	if (!stops) {
		wait_for(program->fd);
		assert_int_equal(program_status(program), 5);
	}
	program_fini(program);
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

/* Somebody else's child would have the other end open still. */
static void has_nothing_of_ours(void **state)
{
	static const char *const words[] = { "/bin/true", NULL };
	struct program program;

	(void)state;
	assert_int_equal(program_prepare(), 0);
	for (int i = 0; i < 50; i++) {
		int ends[2];
		char byte;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		assert_int_equal(program_start(words, -1, &program), 0);
		close(ends[1]);
		assert_int_equal(recv(ends[0], &byte, 1, MSG_DONTWAIT), 0);
		close(ends[0]);
		program_fini(&program);
		close(program.fd);
	}
}

static void says_why_it_is_not_run(void **state)
{
	static const char *const words[] = { "/nowhere/at/all", NULL };
	struct program program;
	char said[64];
	size_t length;

	(void)state;
	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.fd);
	assert_int_equal(program_status(&program), 127);
	length = program_read(&program, said, sizeof(said) - 1);
	said[length] = '\0';
	assert_string_equal(said, "No such file or directory");
	program_fini(&program);
	close(program.fd);
}

static void words_have_a_limit(void **state)
{
	static char many[STARTER_BYTES];
	const char *const words[] = { "/bin/true", many, NULL };
	struct program program;

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	assert_int_equal(program_start(words, -1, &program), -E2BIG);
	assert_int_equal(program.fd, -1);
	many[sizeof(many) - sizeof("/bin/true") - 1] = '\0';
	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.fd);
	assert_int_equal(program_status(&program), 0);
	program_fini(&program);
	close(program.fd);
}

/* The parent of a warden, which is the program's parent, is the starter. */
static pid_t starter_id(void)
{
	static const char *const words[] = {
		"/bin/sh", "-c",
		"while read name value; do [ $name = PPid: ] && echo $value; done "
		"< /proc/$PPID/status",
		NULL
	};
	struct program program;
	char said[64];
	size_t length;

	assert_int_equal(program_start(words, -1, &program), 0);
	wait_for(program.fd);
	(void)!program_status(&program);
	length = program_read(&program, said, sizeof(said) - 1);
	said[length] = '\0';
	program_fini(&program);
	close(program.fd);
	return (pid_t)strtol(said, NULL, 10);
}

static void outlives_its_starter(void **state)
{
	siginfo_t how;
	pid_t first = starter_id(), second;

	(void)state;
	assert_true(first > 1 && first != getpid());
	assert_int_equal(starter_id(), first);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)first, &how, WEXITED | WNOWAIT), 0);
	second = starter_id();
	assert_true(second > 1 && second != first && second != getpid());
	assert_int_equal(kill(first, 0), -1); /* it was waited for */
	program_unprepare();
	assert_int_equal(kill(second, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_much),
					    cmocka_unit_test(reads_its_input),
					    cmocka_unit_test(ends_and_says),
					    cmocka_unit_test(kills_who_left),
					    cmocka_unit_test(has_nothing_of_ours),
					    cmocka_unit_test(says_why_it_is_not_run),
					    cmocka_unit_test(words_have_a_limit),
					    cmocka_unit_test(outlives_its_starter),
					    cmocka_unit_test(is_killed_with_children) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
