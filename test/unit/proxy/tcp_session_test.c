/* SPDX-License-Identifier: Apache-2.0
 * Promised: bytes go both ways with half-close; a reset of either end resets the other; a service
 * that does not answer is replaced by another; whatever happens, every count returns to zero.
 */
#include "house.h"

struct scene {
	struct house *house;
	int origin;
	uint16_t port;
	uint32_t service, vserver;
};

static struct scene begin(unsigned engines, int64_t limit, uint32_t max_client)
{
	struct scene scene = { .house = house_new(engines), .origin = house_origin() };

	scene.service = house_service(scene.house, house_port_of(scene.origin), max_client);
	scene.vserver = house_vserver(scene.house, limit);
	house_bind(scene.house, scene.vserver, scene.service);
	scene.port = house_listen(scene.house, scene.vserver);
	house_start(scene.house);
	house_publish(scene.house);
	return scene;
}

static void finish(struct scene *scene)
{
	house_expect_zero(scene->house);
	house_free(scene->house);
	close(scene->origin);
}

static void bytes_go_both_ways(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_write(client, "ping");
	house_expect(server, "ping");
	house_write(server, "pong");
	house_expect(client, "pong");
	shutdown(client, SHUT_WR);
	house_expect_end(server);
	house_write(server, "more"); /* the other direction is still open */
	house_expect(client, "more");
	close(server);
	house_expect_end(client);
	close(client);
	house_expect_zero(scene.house);
	assert_int_equal(house_vserver_stat(scene.house, scene.vserver, bytes_in), 4);
	assert_int_equal(house_vserver_stat(scene.house, scene.vserver, bytes_out), 8);
	assert_int_equal(house_service_stat(scene.house, scene.service, bytes_in), 8);
	assert_int_equal(house_service_stat(scene.house, scene.service, bytes_out), 4);
	finish(&scene);
}

static void the_server_may_end_first(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_write(server, "bye");
	shutdown(server, SHUT_WR);
	house_expect(client, "bye");
	house_expect_end(client);
	house_write(client, "late");
	house_expect(server, "late");
	close(client);
	house_expect_end(server);
	close(server);
	finish(&scene);
}

static void a_reset_goes_through(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_write(client, "a");
	house_expect(server, "a");
	house_reset(client);
	house_expect_reset(server);
	close(server);
	client = house_connect(scene.port);
	server = house_accept(scene.origin);
	house_write(client, "a");
	house_expect(server, "a");
	house_reset(server);
	house_expect_reset(client);
	close(client);
	finish(&scene);
}

/* 32 MiB to a server that does not read at first: the client is held up, nothing is lost. */
static void a_slow_end_holds_up_the_other(void **unused)
{
	enum { TOTAL = 32 << 20 };
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);
	static char bytes[1 << 16], got[1 << 16];
	size_t sent = 0, received = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 % 251);
	while (received < TOTAL) {
		size_t at = sent % sizeof(bytes);
		ssize_t count = sent < TOTAL ? send(client, bytes + at, sizeof(bytes) - at,
						    MSG_DONTWAIT | MSG_NOSIGNAL)
					     : -1;

		if (count > 0) {
			sent += (size_t)count;
			continue;
		}
		assert_true(sent == TOTAL || errno == EAGAIN);
		count = recv(server, got, sizeof(got) - received % sizeof(got), 0);
		assert_true(count > 0);
		assert_memory_equal(got, bytes + received % sizeof(bytes), (size_t)count);
		received += (size_t)count;
	}
	assert_true(house_engine_stat(scene.house, buffers) <= 2);
	close(client);
	house_expect_end(server);
	close(server);
	finish(&scene);
}

/* What the client says first is read before the choice, and is the first that the server hears;
 * who says less and ends is served, too. */
static void the_first_bytes_are_listened_to(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	struct model_vserver *model = &scene.house->vservers[scene.vserver];
	int client, server;

	(void)unused;
	model->method = lb_find(STR("TOKEN"));
	model->data_offset = 2;
	model->data_length = 4;
	house_publish(scene.house);
	client = house_connect(scene.port);
	house_write(client, "GO");
	house_write(client, "abcd and more");
	server = house_accept(scene.origin);
	house_expect(server, "GOabcd and more");
	house_write(server, "answer");
	house_expect(client, "answer");
	close(client);
	house_expect_end(server);
	close(server);
	client = house_connect(scene.port);
	house_write(client, "few");
	shutdown(client, SHUT_WR);
	server = house_accept(scene.origin);
	house_expect(server, "few");
	house_expect_end(server);
	close(server);
	house_expect_end(client);
	close(client);
	client = house_connect(scene.port);
	house_write(client, "x");
	house_until(scene.house, house_vserver_stat(scene.house, scene.vserver, bytes_in) == 19);
	house_reset(client);
	house_expect_zero(scene.house);
	finish(&scene);
}

/* A dead service and a living one: the client notices nothing. */
static void a_dead_service_is_passed_over(void **unused)
{
	struct house *house = house_new(1);
	int dead = house_origin(), origin = house_origin();
	uint32_t one = house_service(house, house_port_of(dead), 0);
	uint32_t two = house_service(house, house_port_of(origin), 0);
	uint32_t vserver = house_vserver(house, QUOTA_UNLIMITED);
	uint16_t port = house_listen(house, vserver);

	(void)unused;
	close(dead);
	house_bind(house, vserver, one);
	house_bind(house, vserver, two);
	house_start(house);
	house_publish(house);
	for (int turn = 0; turn < 4; turn++) {
		int client = house_connect(port), server = house_accept(origin);

		house_write(client, "x");
		house_expect(server, "x");
		close(client);
		close(server);
	}
	assert_true(house_service_stat(house, one, connect_failures) > 0);
	house_expect_zero(house);
	house_free(house);
	close(origin);
}

static void nobody_alive_resets(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client;

	(void)unused;
	close(scene.origin);
	client = house_connect(scene.port);
	house_expect_reset(client);
	close(client);
	scene.origin = house_origin();
	finish(&scene);
}

/* Two of three clients have a connection to the server; the third gets one when one ends. */
static void a_full_service_is_waited_for(void **unused)
{
	struct scene scene = begin(2, QUOTA_UNLIMITED, 2);
	int clients[3], servers[3];

	(void)unused;
	for (int i = 0; i < 3; i++)
		clients[i] = house_connect(scene.port);
	servers[0] = house_accept(scene.origin);
	servers[1] = house_accept(scene.origin);
	house_until(scene.house, house_service_stat(scene.house, scene.service, waiting) == 1);
	house_until(scene.house, house_service_stat(scene.house, scene.service, connections) == 2);
	close(servers[0]);
	for (int i = 0; i < 3; i++)
		shutdown(clients[i], SHUT_WR);
	servers[2] = house_accept(scene.origin);
	close(servers[1]);
	close(servers[2]);
	for (int i = 0; i < 3; i++) {
		house_expect_end(clients[i]);
		close(clients[i]);
	}
	finish(&scene);
}

/* Who waits in line and goes away leaves nothing behind. */
static void a_waiting_client_may_go(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 1);
	int first = house_connect(scene.port), server = house_accept(scene.origin);
	int second = house_connect(scene.port);

	(void)unused;
	house_until(scene.house, house_service_stat(scene.house, scene.service, waiting) == 1);
	house_reset(second);
	house_until(scene.house, house_service_stat(scene.house, scene.service, waiting) == 0);
	close(first);
	house_expect_end(server);
	close(server);
	finish(&scene);
}

static void an_idle_client_is_closed(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client, server;

	(void)unused;
	scene.house->vservers[scene.vserver].client_timeout_ms = 30;
	house_publish(scene.house);
	client = house_connect(scene.port);
	server = house_accept(scene.origin);
	house_expect_reset(client);
	house_expect_reset(server);
	close(client);
	close(server);
	assert_int_equal(house_vserver_stat(scene.house, scene.vserver, client_timeouts), 1);
	finish(&scene);
}

/* Down-state flush: the sessions of the service end, the others do not. */
static void a_cut_service_resets_its_clients(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_write(client, "x");
	house_expect(server, "x");
	house_send_all(scene.house,
		       (struct message){ .kind = MESSAGE_CUT_SERVICE, .id = scene.service });
	house_expect_reset(client);
	house_expect_reset(server);
	close(client);
	close(server);
	finish(&scene);
}

/* The virtual server and its service are removed under a connection, which goes on. */
static void a_removed_vserver_keeps_its_clients(void **unused)
{
	struct scene scene = begin(2, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_write(client, "x");
	house_expect(server, "x");
	scene.house->vserver_rows[scene.vserver] = NULL;
	scene.house->service_rows[scene.service] = NULL;
	house_publish(scene.house);
	house_write(server, "y");
	house_expect(client, "y");
	house_until(scene.house, scene.house->told[MESSAGE_VSERVER_GONE] == 1);
	house_until(scene.house, scene.house->told[MESSAGE_SERVICE_GONE] == 1);
	close(client);
	house_expect_end(server);
	close(server);
	house_until(scene.house, scene.house->told[MESSAGE_VSERVER_GONE] == 2);
	house_until(scene.house, scene.house->told[MESSAGE_SERVICE_GONE] == 2);
	finish(&scene);
}

static void a_drained_engine_says_so(void **unused)
{
	struct scene scene = begin(1, QUOTA_UNLIMITED, 0);
	int client = house_connect(scene.port), server = house_accept(scene.origin);

	(void)unused;
	house_send_all(scene.house, (struct message){ .kind = MESSAGE_DRAIN });
	house_write(client, "x");
	house_expect(server, "x");
	assert_int_equal(scene.house->told[MESSAGE_DRAINED], 0);
	close(client);
	house_expect_end(server);
	close(server);
	house_until(scene.house, scene.house->told[MESSAGE_DRAINED] == 1);
	finish(&scene);
}

/* Exactly 100 of 300 on the primary, whatever the engines. */
static void the_limit_is_exact(unsigned engines)
{
	enum { CLIENTS = 300, LIMIT = 100 };
	struct house *house = house_new(engines);
	int main_origin = house_origin(), spare_origin = house_origin();
	uint32_t one = house_service(house, house_port_of(main_origin), 0);
	uint32_t two = house_service(house, house_port_of(spare_origin), 0);
	uint32_t web = house_vserver(house, LIMIT), spare = house_vserver(house, QUOTA_UNLIMITED);
	uint16_t port = house_listen(house, web);
	int clients[CLIENTS];

	house_bind(house, web, one);
	house_bind(house, spare, two);
	house->vservers[web].backup = spare;
	house_start(house);
	house_publish(house);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLIENTS; i++)
			clients[i] = house_connect(port);
		house_until(house, house_service_stat(house, one, connections) +
						   house_service_stat(house, two, connections) ==
					   CLIENTS);
		assert_int_equal(house_vserver_stat(house, web, clients), LIMIT);
		assert_int_equal(house_vserver_stat(house, spare, clients), CLIENTS - LIMIT);
		assert_int_equal(house_service_stat(house, one, connections), LIMIT);
		assert_int_equal(house_vserver_stat(house, web, spilled),
				 (CLIENTS - LIMIT) * (round + 1));
		assert_int_equal(house_vserver_stat(house, web, spilled_undecided), 0);
		for (int i = 0; i < CLIENTS; i++)
			house_reset(clients[i]);
		house_expect_zero(house);
	}
	assert_true(house->told[MESSAGE_SPILL] > 0);
	house_free(house);
	close(main_origin);
	close(spare_origin);
}

static void the_limit_is_exact_on_one(void **unused)
{
	(void)unused;
	the_limit_is_exact(1);
}

static void the_limit_is_exact_on_two(void **unused)
{
	(void)unused;
	the_limit_is_exact(2);
}

static void the_limit_is_exact_on_eight(void **unused)
{
	(void)unused;
	the_limit_is_exact(8);
}

/* Who closes and comes back at once finds the limit still reached by its own past: it waits for
 * that to end instead of being spilled. How long is bounded, so a slow machine may spill some. */
static void who_comes_back_at_once_is_not_spilled(void **unused)
{
	enum { ROUNDS = 40 };
	struct scene scene = begin(2, 1, 0);
	uint32_t spare = house_vserver(scene.house, QUOTA_UNLIMITED);
	int client, server;

	(void)unused;
	house_bind(scene.house, spare, scene.service);
	scene.house->vservers[scene.vserver].backup = spare;
	house_publish(scene.house);
	client = house_connect(scene.port);
	server = house_accept(scene.origin);
	for (int i = 0; i < ROUNDS; i++) {
		close(client);
		client = house_connect(scene.port);
		house_expect_end(server);
		close(server);
		server = house_accept(scene.origin);
	}
	assert_true(house_vserver_stat(scene.house, scene.vserver, spilled) < ROUNDS / 2);
	close(client);
	house_expect_end(server);
	close(server);
	finish(&scene);
}

/* Engines stop in the middle of everything. */
static void a_stop_closes_everything(void **unused)
{
	struct scene scene = begin(2, QUOTA_UNLIMITED, 4);
	int clients[12];

	(void)unused;
	for (int i = 0; i < 12; i++)
		clients[i] = house_connect(scene.port);
	house_until(scene.house, house_service_stat(scene.house, scene.service, waiting) == 8);
	house_free(scene.house);
	for (int i = 0; i < 12; i++) {
		house_expect_reset(clients[i]);
		close(clients[i]);
	}
	close(scene.origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(the_server_may_end_first),
		cmocka_unit_test(a_reset_goes_through),
		cmocka_unit_test(a_slow_end_holds_up_the_other),
		cmocka_unit_test(the_first_bytes_are_listened_to),
		cmocka_unit_test(a_dead_service_is_passed_over),
		cmocka_unit_test(nobody_alive_resets),
		cmocka_unit_test(a_full_service_is_waited_for),
		cmocka_unit_test(a_waiting_client_may_go),
		cmocka_unit_test(an_idle_client_is_closed),
		cmocka_unit_test(a_cut_service_resets_its_clients),
		cmocka_unit_test(a_removed_vserver_keeps_its_clients),
		cmocka_unit_test(a_drained_engine_says_so),
		cmocka_unit_test(the_limit_is_exact_on_one),
		cmocka_unit_test(the_limit_is_exact_on_two),
		cmocka_unit_test(the_limit_is_exact_on_eight),
		cmocka_unit_test(who_comes_back_at_once_is_not_spilled),
		cmocka_unit_test(a_stop_closes_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
