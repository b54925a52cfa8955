/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/worker.h"

#include "os/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_threads_share_a_port(void **state)
{
	static struct worker workers[3];
	struct origin_options options = { .name = "alpha" };
	struct tally tally = { .received = 0 };
	struct address address, local;

	(void)state;
	assert_true(address_parse(STR("127.0.0.1"), 0, &address));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(worker_open(&workers[i], &options, &address, &tally), 0);
		assert_int_equal(socket_local(workers[i].listener.fd, &local), 0);
		assert_true(i == 0 || address_equal(&address, &local));
		address = local;
		assert_int_equal(worker_start(&workers[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		worker_stop(&workers[i]);
		worker_close(&workers[i]);
	}
}

static void test_address_of_somebody_else(void **state)
{
	static struct worker worker;
	struct origin_options options = { .name = "alpha" };
	struct tally tally = { .received = 0 };
	struct address address;

	(void)state;
	assert_true(address_parse(STR("192.0.2.1"), 0, &address));
	assert_true(worker_open(&worker, &options, &address, &tally) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_share_a_port),
		cmocka_unit_test(test_address_of_somebody_else),
	};

	return cmocka_run_group_tests_name("origin/worker", tests, NULL, NULL);
}
