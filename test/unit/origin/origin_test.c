/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/origin.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Starts the server in a process of its own; `line` is the first that it says. */
static pid_t start(const struct origin_options *options, char *line, size_t room)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);

	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		_exit(origin_run(options));
	}
	close(ends[1]);

	size_t length = 0;

	while (length + 1 < room && read(ends[0], line + length, 1) == 1 && line[length] != '\n')
		length++;
	line[length] = '\0';
	close(ends[0]);
	return child;
}

static void test_ends_by_signal(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct origin_options options = { .name = "alpha", .threads = 2 };
		char line[200];
		int status;

		assert_true(address_parse(STR("127.0.0.1"), 0, &options.listen));

		pid_t child = start(&options, line, sizeof(line));

		assert_int_equal(strncmp(line, "alpha listens on 127.0.0.1:", 27), 0);
		assert_true(atol(line + 27) > 0);
		kill(child, signals[i]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

static void test_cannot_listen(void **state)
{
	struct origin_options options = { .name = "alpha" };
	char line[200];
	int status;

	(void)state;
	assert_true(address_parse(STR("192.0.2.1"), 80, &options.listen));

	pid_t child = start(&options, line, sizeof(line));

	assert_string_equal(line, "");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_by_signal),
		cmocka_unit_test(test_cannot_listen),
	};

	return cmocka_run_group_tests_name("origin/origin", tests, NULL, NULL);
}
