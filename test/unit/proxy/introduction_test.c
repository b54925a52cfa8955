/* SPDX-License-Identifier: Apache-2.0
 * Promised: the header of a trusted proxy is read, whole or in pieces, before the client is served;
 * one that says something else is reset; who only waits holds no use; what is told to a service
 * that wants it is the client, not us, and the trail with us at its end.
 */
#include "house.h"

#include "proxy/introduction.h"

static const unsigned char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02"
				      "\x01\x12\x67\0\x50";
enum { HEADER_BYTES = sizeof(header) - 1 };

struct scene {
	struct house *house;
	struct network trusted;
	uint32_t id;
	uint16_t port;
	int origin;
};

static struct scene open_scene(bool tells, int64_t limit)
{
	struct scene scene = { .house = house_new(1), .origin = house_origin() };
	uint32_t service;

	assert_true(network_parse(STR("127.0.0.0/8"), &scene.trusted));
	scene.id = house_vserver(scene.house, limit);
	scene.port = house_listen(scene.house, scene.id);
	service = house_service(scene.house, house_port_of(scene.origin), 0);
	scene.house->services[service].sends_proxy_protocol = tells;
	house_bind(scene.house, scene.id, service);
	scene.house->snapshot.appliance = 7;
	return scene;
}

static void start_scene(struct scene *scene)
{
	scene->house->vservers[scene->id].trusted = &scene->trusted;
	scene->house->vservers[scene->id].trusted_count = 1;
	house_start(scene->house);
	house_publish(scene->house);
}

static void close_scene(struct scene *scene)
{
	house_free(scene->house);
	close(scene->origin);
}

static void say(int client, const void *bytes, size_t length)
{
	assert_int_equal(send(client, bytes, length, MSG_NOSIGNAL), length);
}

static void in_pieces(void **unused)
{
	struct scene scene = open_scene(false, QUOTA_UNLIMITED);
	int client;

	(void)unused;
	start_scene(&scene);
	client = house_connect(scene.port);
	for (size_t i = 0; i < HEADER_BYTES; i++) {
		assert_int_equal(house_vserver_stat(scene.house, scene.id, clients_total), 0);
		say(client, &header[i], 1);
	}
	house_until(scene.house, house_vserver_stat(scene.house, scene.id, clients) == 1);
	close(client);
	close_scene(&scene);
}

/* A limit of one: while many only wait to be introduced, one who is gets in. */
static void waiting_holds_no_use(void **unused)
{
	struct scene scene = open_scene(false, 1);
	int waiting[8], client;

	(void)unused;
	start_scene(&scene);
	for (unsigned i = 0; i < 8; i++) {
		waiting[i] = house_connect(scene.port);
		say(waiting[i], header, i);
	}
	house_until(scene.house, house_engine_stat(scene.house, accepted) == 8);
	client = house_connect(scene.port);
	say(client, header, HEADER_BYTES);
	house_until(scene.house, house_vserver_stat(scene.house, scene.id, clients) == 1);
	for (unsigned i = 0; i < 8; i++)
		close(waiting[i]);
	close(client);
	close_scene(&scene);
}

static void something_else_is_reset(void **unused)
{
	struct scene scene = open_scene(false, QUOTA_UNLIMITED);
	int client;

	(void)unused;
	start_scene(&scene);
	client = house_connect(scene.port);
	say(client, "hello", 5);
	house_expect_reset(client);
	house_until(scene.house, house_vserver_stat(scene.house, scene.id, bad_introductions) == 1);
	assert_int_equal(house_vserver_stat(scene.house, scene.id, clients_total), 0);
	close(client);
	close_scene(&scene);
}

static void the_service_is_told(void **unused)
{
	struct scene scene = open_scene(true, QUOTA_UNLIMITED);
	unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX];
	struct proxy_protocol told;
	char text[ADDRESS_TEXT_MAX];
	int client, server;
	ssize_t count;
	size_t length;

	(void)unused;
	start_scene(&scene);
	client = house_connect(scene.port);
	say(client, header, HEADER_BYTES);
	server = accept(scene.origin, NULL, NULL);
	assert_true(server >= 0);
	house_limit(server);
	count = recv(server, bytes, sizeof(bytes), 0);
	assert_true(count > 0);
	assert_int_equal(
		proxy_protocol_read((struct str){ (char *)bytes, (size_t)count }, &told, &length),
		PROXY_PROTOCOL_OK);
	assert_int_equal(length, count);
	assert_string_equal(address_print(&told.source, text), "192.0.2.7:4711");
	assert_string_equal(address_print(&told.destination, text), "192.0.2.1:80");
	assert_int_equal(told.trail.count, 1);
	assert_int_equal(told.trail.ids[0], 7);
	close(client);
	close(server);
	close_scene(&scene);
}

/* Waiting ones are closed when the engine stops. */
static void a_stop_closes_those_who_wait(void **unused)
{
	struct scene scene = open_scene(false, QUOTA_UNLIMITED);
	int client;

	(void)unused;
	start_scene(&scene);
	client = house_connect(scene.port);
	house_until(scene.house, house_engine_stat(scene.house, accepted) == 1);
	close_scene(&scene);
	house_expect_reset(client);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(waiting_holds_no_use),
		cmocka_unit_test(something_else_is_reset),
		cmocka_unit_test(the_service_is_told),
		cmocka_unit_test(a_stop_closes_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
