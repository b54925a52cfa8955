/* SPDX-License-Identifier: Apache-2.0 */
#include "os/pipe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void open_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void test_from_socket_to_socket(void **state)
{
	int from[2], to[2];
	struct pipe pipe;
	char bytes[16];

	(void)state;
	open_pair(from);
	open_pair(to);
	assert_int_equal(pipe_open(&pipe, 65536), 0);
	assert_int_equal(pipe_fill(&pipe, from[1], 100), -EAGAIN);
	assert_int_equal(pipe_drain(&pipe, to[0], 100), -EAGAIN);
	assert_int_equal(write(from[0], "hello", 5), 5);
	assert_int_equal(pipe_fill(&pipe, from[1], 100), 5);
	assert_int_equal(pipe_drain(&pipe, to[0], 2), 2);
	assert_int_equal(pipe_drain(&pipe, to[0], 100), 3);
	assert_int_equal(read(to[1], bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
	close(from[0]);
	assert_int_equal(pipe_fill(&pipe, from[1], 100), 0);
	pipe_close(&pipe);
	assert_int_equal(pipe.in, -1);
	close(from[1]);
	close(to[0]);
	close(to[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_socket_to_socket),
	};

	return cmocka_run_group_tests_name("os/pipe", tests, NULL, NULL);
}
