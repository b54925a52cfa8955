/* SPDX-License-Identifier: Apache-2.0
 * What is added is reported with its thing, what is changed or removed is not.
 */
#include "os/poll.h"
#include "os/socket.h"
#include "os/wake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_poll(void **state)
{
	struct epoll_event events[4];
	int poll_fd = poll_open(), fd = wake_open(), thing;

	(void)state;
	assert_true(poll_fd >= 0 && fd >= 0);
	assert_int_equal(poll_add(poll_fd, fd, EPOLLIN, &thing), 0);
	assert_int_equal(poll_add(poll_fd, fd, EPOLLIN, &thing), -EEXIST);
	assert_int_equal(poll_wait(poll_fd, events, 4, 0), 0);
	wake_send(fd);
	assert_int_equal(poll_wait(poll_fd, events, 4, -1), 1);
	assert_ptr_equal(events[0].data.ptr, &thing);
	assert_int_equal(poll_change(poll_fd, fd, 0, &thing), 0);
	assert_int_equal(poll_wait(poll_fd, events, 4, 0), 0);
	assert_int_equal(poll_change(poll_fd, fd, EPOLLIN, &thing), 0);
	assert_int_equal(poll_wait(poll_fd, events, 4, 0), 1);
	poll_remove(poll_fd, fd);
	assert_int_equal(poll_wait(poll_fd, events, 4, 0), 0);
	socket_close(fd);
	socket_close(poll_fd);
	assert_int_equal(poll_add(poll_fd, 0, EPOLLIN, NULL), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_poll) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
