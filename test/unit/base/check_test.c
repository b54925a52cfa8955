/* SPDX-License-Identifier: Apache-2.0
 * A claim that holds costs nothing; one that does not aborts and says where.
 */
#include "base/check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The signal that ends a child that runs `must(holds)`; its words go to `said`. */
static int signal_of(int holds, char *said, size_t room)
{
	int ends[2], status;
	ssize_t length;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		must(holds == 1);
		_exit(0);
	}
	close(ends[1]);
	length = read(ends[0], said, room - 1);
	said[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_must(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(signal_of(1, said, sizeof(said)), 0);
	assert_int_equal(signal_of(0, said, sizeof(said)), SIGABRT);
	assert_non_null(strstr(said, "check_test.c"));
	assert_non_null(strstr(said, "holds == 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_must) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
