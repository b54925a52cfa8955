/* SPDX-License-Identifier: Apache-2.0
 * Listening sockets: one for each engine, refused when somebody else has the address, kept open
 * until no engine can have them, and the same sockets when an address moves.
 */
#include "control/gate.h"

#include "os/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENGINES = 2 };

static struct address loopback(uint16_t port)
{
	struct address address;

	assert_true(address_parse(STR("127.0.0.1"), port, &address));
	return address;
}

/* An address that was free a moment ago. */
static struct address free_address(void)
{
	struct address address = loopback(0);
	int fd = socket_listen(&address);

	assert_true(fd >= 0);
	assert_int_equal(socket_local(fd, &address), 0);
	socket_close(fd);
	return address;
}

static bool can_connect(const struct address *address)
{
	int fd = socket_connect(address, NULL);
	bool is_connected = fd >= 0 && socket_connect_result(fd) == 0;

	if (fd >= 0)
		socket_close(fd);
	return is_connected;
}

static struct keeper nobody;

static void opens_and_closes_late(void **state)
{
	struct gates gates;
	struct address address = free_address();
	int error = 0;
	struct gate *gate;

	(void)state;
	gate_init_all(&gates, &nobody, ENGINES);
	gate = gate_open(&gates, &address, &error);
	assert_non_null(gate);
	assert_int_not_equal(gate->fds[0], gate->fds[1]);
	assert_true(can_connect(&address));
	gate_close(&gates, gate, 5);
	gate_everywhere(&gates, 5); /* an engine may have number 5, which has it */
	assert_true(can_connect(&address));
	gate_everywhere(&gates, 6);
	assert_false(can_connect(&address));
	gate_fini_all(&gates);
}

/* The supervisor closes its copy a moment later. */
static void a_copy_does_not_hold_the_address(void **state)
{
	struct gates gates;
	struct address address = free_address();
	int error = 0, copy;
	struct gate *gate;

	(void)state;
	gate_init_all(&gates, &nobody, 1);
	gate = gate_open(&gates, &address, &error);
	assert_non_null(gate);
	copy = dup(gate->fds[0]);
	gate_close(&gates, gate, 5);
	gate_everywhere(&gates, 6);
	assert_false(can_connect(&address));
	assert_int_equal(gate_try(&gates, &address), 0);
	assert_non_null(gate_open(&gates, &address, &error));
	assert_true(can_connect(&address));
	close(copy);
	gate_fini_all(&gates);
}

static void taken_address_is_refused(void **state)
{
	struct gates ours, theirs;
	struct address address = free_address();
	int error = 0;

	(void)state;
	gate_init_all(&ours, &nobody, ENGINES);
	gate_init_all(&theirs, &nobody, ENGINES);
	assert_non_null(gate_open(&theirs, &address, &error));
	/* Another appliance: it shares its ports, and is told apart all the same. */
	assert_null(gate_open(&ours, &address, &error));
	assert_int_equal(error, -EADDRINUSE);
	assert_true(list_is_empty(&ours.open));
	gate_fini_all(&theirs);
	assert_non_null(gate_open(&ours, &address, &error));
	gate_fini_all(&ours);
}

static void address_moves_with_its_clients(void **state)
{
	struct gates gates;
	struct address address = free_address(), peer;
	int error = 0, client, accepted;
	struct gate *old, *fresh;

	(void)state;
	gate_init_all(&gates, &nobody, 1);
	old = gate_open(&gates, &address, &error);
	client = socket_connect(&address, NULL);
	assert_true(client >= 0);
	fresh = gate_open(&gates, &address, &error);
	assert_non_null(fresh);
	assert_int_not_equal(old->fds[0], fresh->fds[0]);
	gate_close(&gates, old, 1);
	gate_everywhere(&gates, 2);
	accepted = socket_accept(fresh->fds[0], &peer); /* waited in the backlog of both */
	assert_true(accepted >= 0);
	socket_close(accepted);
	socket_close(client);
	gate_fini_all(&gates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_and_closes_late),
		cmocka_unit_test(a_copy_does_not_hold_the_address),
		cmocka_unit_test(taken_address_is_refused),
		cmocka_unit_test(address_moves_with_its_clients),
	};

	keeper_init(&nobody);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
