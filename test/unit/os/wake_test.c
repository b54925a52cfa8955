/* SPDX-License-Identifier: Apache-2.0
 * Watched edge-triggered, every wake is an event of its own, although nobody reads it.
 */
#include "os/poll.h"
#include "os/socket.h"
#include "os/wake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_every_wake_is_an_edge(void **state)
{
	struct epoll_event event;
	int poll_fd = poll_open(), fd = wake_open();

	(void)state;
	assert_int_equal(poll_add(poll_fd, fd, EPOLLIN | EPOLLET, NULL), 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(poll_wait(poll_fd, &event, 1, 0), 0);
		wake_send(fd);
		wake_send(fd);
		assert_int_equal(poll_wait(poll_fd, &event, 1, 0), 1);
	}
	wake_clear(fd);
	wake_clear(fd);
	assert_int_equal(poll_wait(poll_fd, &event, 1, 0), 0);
	socket_close(fd);
	socket_close(poll_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_wake_is_an_edge) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
