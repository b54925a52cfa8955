/* SPDX-License-Identifier: Apache-2.0 */
#include "control/gate.h"

#include "base/heap.h"
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void gate_init_all(struct gates *gates, struct keeper *keeper, unsigned engine_count)
{
	*gates = (struct gates){ .keeper = keeper, .engine_count = engine_count };
	list_init(&gates->open);
	list_init(&gates->closing);
}

static const struct gate *find_in(struct list *list, const struct address *address)
{
	list_each(link, after, list)
	{
		const struct gate *gate = list_entry(link, struct gate, link);

		if (address_equal(&gate->address, address))
			return gate;
	}
	return NULL;
}

static const struct gate *find_same(struct gates *gates, const struct address *address)
{
	const struct gate *same = find_in(&gates->open, address);

	return same != NULL ? same : find_in(&gates->closing, address);
}

/* `is_last`: no other gate has these sockets. The copy that the supervisor is about to close must
 * not hold the address meanwhile: a command that asks for it again would be refused. */
static void close_sockets(struct gates *gates, struct gate *gate, unsigned count, bool is_last)
{
	for (unsigned i = 0; i < count; i++) {
		keeper_tell_closed(gates->keeper, &gate->address, i);
		if (is_last)
			socket_close_listener(gate->fds[i]);
		else
			socket_close(gate->fds[i]);
	}
}

static void free_gate(struct gates *gates, struct gate *gate)
{
	list_remove(&gate->link);
	close_sockets(gates, gate, gates->engine_count, find_same(gates, &gate->address) == NULL);
	free(gate);
}

static void free_all(struct gates *gates, struct list *list)
{
	list_each(link, after, list) free_gate(gates, list_entry(link, struct gate, link));
}

void gate_fini_all(struct gates *gates)
{
	free_all(gates, &gates->open);
	free_all(gates, &gates->closing);
}

/* Whether some other program listens there. Only a socket that does not share its port is told so
 * by the system; a second appliance would share ours else. */
static bool is_taken(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;
	bool is_free;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	is_free = bind(fd, &address->any, address_length(address)) == 0;
	close(fd);
	return !is_free;
}

static int open_first(const struct address *address)
{
	bool taken = is_taken(address);
	int fd = socket_listen(address);

	if (fd < 0 || !taken)
		return fd;
	socket_close(fd);
	return -EADDRINUSE;
}

static int copy_socket(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -EMFILE : copy;
}

/* What an earlier data process left, what another gate has, or a new socket. */
static int open_socket(struct gates *gates, const struct address *address, unsigned engine,
		       const struct gate *same)
{
	int fd;

	if (same == NULL) {
		fd = keeper_find(gates->keeper, address, engine);
		if (fd >= 0)
			return fd; /* the supervisor has it already */
	}
	if (same != NULL)
		fd = copy_socket(same->fds[engine]);
	else
		fd = engine == 0 ? open_first(address) : socket_listen(address);
	if (fd >= 0)
		keeper_tell_listener(gates->keeper, address, engine, fd);
	return fd;
}

int gate_try(struct gates *gates, const struct address *address)
{
	int fd;

	if (find_same(gates, address) != NULL)
		return 0;
	fd = open_first(address);
	if (fd < 0)
		return fd;
	socket_close(fd);
	return 0;
}

struct gate *gate_open(struct gates *gates, const struct address *address, int *error)
{
	const struct gate *same = find_same(gates, address);
	struct gate *gate = heap_zeroed(1, sizeof(*gate) + gates->engine_count * sizeof(int));

	must(gate != NULL);
	gate->address = *address;
	for (unsigned i = 0; i < gates->engine_count; i++) {
		gate->fds[i] = open_socket(gates, address, i, same);
		if (gate->fds[i] < 0) {
			*error = gate->fds[i];
			close_sockets(gates, gate, i, same == NULL);
			free(gate);
			return NULL;
		}
	}
	list_add_last(&gates->open, &gate->link);
	return gate;
}

void gate_close(struct gates *gates, struct gate *gate, uint64_t newest)
{
	gate->last_use = newest;
	list_remove(&gate->link);
	list_add_last(&gates->closing, &gate->link);
}

void gate_everywhere(struct gates *gates, uint64_t number)
{
	list_each(link, after, &gates->closing)
	{
		struct gate *gate = list_entry(link, struct gate, link);

		if (gate->last_use < number)
			free_gate(gates, gate);
	}
}
