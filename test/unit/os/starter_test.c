/* SPDX-License-Identifier: Apache-2.0
 * The starter has no descriptor of ours, and goes when it is not needed any more.
 */
#include "os/starter.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int ask(const struct starter *starter, struct str words, int line, int output)
{
	const int passed[] = { line, output };

	return starter_ask(starter, words.at, words.length, passed, 2);
}

/* What `words` leave as their exit status; -1: nothing. */
static int status_of(const struct starter *starter, struct str words)
{
	int line[2], output[2], status = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line), 0);
	assert_int_equal(pipe(output), 0);
	assert_int_equal(ask(starter, words, line[1], output[1]), 0);
	close(line[1]);
	close(output[1]);
	if (recv(line[0], &status, sizeof(status), 0) <= 0)
		status = -1;
	close(line[0]);
	close(output[0]);
	return status;
}

static int count_descriptors(pid_t id)
{
	char path[64];
	DIR *folder;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)id);
	folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void has_four_descriptors(void **state)
{
	struct starter starter;
	int many[3] = { dup(0), dup(0), dup(0) };

	(void)state;
	assert_int_equal(starter_open(&starter), 0);
	/* Both are answered: it has settled, and has closed what came with the first. */
	assert_int_equal(status_of(&starter, STR("/bin/true\0")), 0);
	assert_int_equal(status_of(&starter, STR("not a path")), -1);
	assert_int_equal(count_descriptors(starter.id), 4);
	for (int i = 0; i < 3; i++)
		close(many[i]);
	starter_close(&starter);
	assert_int_equal(starter.fd, -1);
	assert_int_equal(kill(starter.id, 0), -1);
}

static void is_missed(void **state)
{
	struct starter starter;
	struct pollfd end;

	(void)state;
	assert_int_equal(starter_open(&starter), 0);
	assert_int_equal(kill(starter.id, SIGKILL), 0);
	end = (struct pollfd){ .fd = starter.fd };
	assert_int_equal(poll(&end, 1, 30000), 1);
	assert_int_equal(ask(&starter, STR("/bin/true\0"), 0, 0), -EPIPE);
	starter_close(&starter);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(has_four_descriptors),
					    cmocka_unit_test(is_missed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
