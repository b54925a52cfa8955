/* SPDX-License-Identifier: Apache-2.0
 * Promised: an arrival that nobody takes over is closed, with a reset where that is asked for.
 */
#include "house.h"

#include "proxy/arrival.h"

static void expect_end(bool resets, ssize_t wanted)
{
	struct address address = house_loopback(0);
	int listener = socket_listen(&address), client;
	struct arrival arrival = { 0 };
	char byte;

	assert_true(listener >= 0);
	client = house_connect(house_port_of(listener));
	arrival.fd = socket_accept(listener, &arrival.peer);
	assert_true(arrival.fd >= 0);
	arrival_close(&arrival, resets);
	assert_int_equal(recv(client, &byte, 1, 0), wanted);
	if (wanted < 0)
		assert_int_equal(errno, ECONNRESET);
	close(client);
	close(listener);
}

static void closed_or_reset(void **unused)
{
	(void)unused;
	expect_end(false, 0);
	expect_end(true, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(closed_or_reset) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
