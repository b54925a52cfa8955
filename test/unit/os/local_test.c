/* SPDX-License-Identifier: Apache-2.0
 * A command socket is for its owner only, replaces a dead one and never a living one or a file.
 */
#include "os/local.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static void clients_reach_it(void **state)
{
	int listener = local_listen(path), client, accepted;
	struct stat status;

	(void)state;
	assert_true(listener >= 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(local_accept(listener), -EAGAIN);
	client = local_connect(path);
	assert_true(client >= 0);
	accepted = local_accept(listener);
	assert_true(accepted >= 0);
	assert_int_equal(local_listen(path), -EADDRINUSE);
	close(accepted);
	close(client);
	close(listener);
}

static void dead_one_is_replaced(void **state)
{
	int listener;

	(void)state;
	assert_int_equal(local_connect(path), -ECONNREFUSED); /* left by the test before */
	listener = local_listen(path);
	assert_true(listener >= 0);
	close(listener);
	unlink(path);
	assert_int_equal(local_connect(path), -ENOENT);
}

static void file_is_not_replaced(void **state)
{
	int file = open(path, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_true(file >= 0);
	close(file);
	assert_int_equal(local_listen(path), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void path_has_a_length(void **state)
{
	char far[200];

	(void)state;
	for (unsigned i = 0; i < sizeof(far); i++)
		far[i] = 'x';
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(local_listen(far), -ENAMETOOLONG);
	assert_int_equal(local_connect(""), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_reach_it),
		cmocka_unit_test(dead_one_is_replaced),
		cmocka_unit_test(file_is_not_replaced),
		cmocka_unit_test(path_has_a_length),
	};

	snprintf(path, sizeof(path), "/tmp/local_test.%d", (int)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
