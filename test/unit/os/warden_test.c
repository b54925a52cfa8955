/* SPDX-License-Identifier: Apache-2.0
 * A warden ends as its program ends, or when it is told to; nothing that it guards outlives it.
 */
#include "os/warden.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum way { ENDS, TOLD, LEFT };

/* Forks a warden over a program that leaves a grandchild behind in a session of its own, which
 * holds `pipe` open, and ends with 7 or waits. */
static pid_t fork_warden(const int pipe_ends[2], const int line[2], enum way way)
{
	pid_t warden = fork();

	if (warden != 0)
		return warden;
	warden_prepare();
	close(pipe_ends[0]);
	close(line[0]);
	pid_t program = fork();
	if (program == 0) {
		if (fork() == 0) {
			(void)setsid();
			(void)!write(pipe_ends[1], "x", 1);
			for (;;)
				pause();
		}
		while (way != ENDS)
			pause();
		_exit(7);
	}
	close(pipe_ends[1]);
	warden_watch(program, line[1]);
}

static int run(enum way way)
{
	int pipe_ends[2], line[2], status = 0, told = -1;
	char byte;
	pid_t warden;

	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, line), 0);
	warden = fork_warden(pipe_ends, line, way);
	assert_true(warden > 0);
	close(pipe_ends[1]);
	close(line[1]);
	if (way != ENDS)
		assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
	if (way == TOLD)
		assert_int_equal(kill(warden, SIGTERM), 0);
	if (way == LEFT)
		close(line[0]);
	assert_int_equal(waitpid(warden, &status, 0), warden);
	while (read(pipe_ends[0], &byte, 1) > 0) /* ends when nobody holds the other end */
		;
	close(pipe_ends[0]);
	assert_true(WIFEXITED(status));
	if (way != LEFT) {
		assert_int_equal(recv(line[0], &told, sizeof(told), 0), sizeof(told));
		assert_int_equal(told, WEXITSTATUS(status));
		close(line[0]);
	}
	return WEXITSTATUS(status);
}

static void test_program_ends(void **state)
{
	(void)state;
	assert_int_equal(run(ENDS), 7);
}

static void test_told_to(void **state)
{
	(void)state;
	assert_int_equal(run(TOLD), 128 + SIGTERM);
}

static void test_left(void **state)
{
	(void)state;
	assert_int_equal(run(LEFT), 128 + SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_ends),
		cmocka_unit_test(test_told_to),
		cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
