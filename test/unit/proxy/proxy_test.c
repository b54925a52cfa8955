/* SPDX-License-Identifier: Apache-2.0
 * Promised: every snapshot is answered; clients of what cannot serve are refused and counted;
 * messages about things that have gone do no harm; an address may change under load.
 */
#include "house.h"

static void every_snapshot_is_answered(void **unused)
{
	struct house *house = house_new(2);

	(void)unused;
	house_start(house);
	for (int i = 0; i < 3; i++)
		house_publish(house);
	assert_int_equal(house->told[MESSAGE_TAKEN], 6);
	house_free(house);
}

static void a_dead_vserver_resets(void **unused)
{
	struct house *house = house_new(1);
	uint32_t id = house_vserver(house, QUOTA_UNLIMITED);
	uint16_t port = house_listen(house, id);
	int client;

	(void)unused;
	house_start(house);
	house_publish(house);
	client = house_connect(port);
	house_expect_reset(client);
	close(client);
	house_until(house, house_vserver_stat(house, id, refused_down) == 1);
	assert_int_equal(house_engine_stat(house, accepted), 1);
	house_free(house);
}

static void a_full_one_without_backup_resets(void **unused)
{
	struct house *house = house_new(1);
	int origin = house_origin();
	uint32_t id = house_vserver(house, 1);
	uint16_t port = house_listen(house, id);
	int first, second;

	(void)unused;
	house_bind(house, id, house_service(house, house_port_of(origin), 0));
	house_start(house);
	house_publish(house);
	first = house_connect(port);
	house_until(house, house_vserver_stat(house, id, clients) == 1);
	second = house_connect(port);
	house_expect_reset(second);
	assert_int_equal(house_vserver_stat(house, id, refused), 1);
	close(first);
	close(second);
	house_free(house);
	close(origin);
}

static void messages_about_what_has_gone_do_no_harm(void **unused)
{
	static const enum message_kind kinds[] = { MESSAGE_SERVICE_STATE, MESSAGE_GIVE_IDLE,
						   MESSAGE_USE_FREED, MESSAGE_CUT_SERVICE };
	struct house *house = house_new(1);

	(void)unused;
	house_enter(house);
	house_publish(house);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		house_send(house, 0, (struct message){ .kind = kinds[i], .id = 77 });
	house_until(house, house_engine_stat(house, messages) == 5);
	house_until(house, house->told[MESSAGE_IDLE_GIVEN] == 1); /* the asker waits for it */
	house_free(house);
}

/* It moves to another port: the old one takes nobody any more, who is there stays. */
static void an_address_may_change(void **unused)
{
	struct house *house = house_new(1);
	int origin = house_origin();
	uint32_t id = house_vserver(house, QUOTA_UNLIMITED);
	uint16_t port = house_listen(house, id);
	int before = house->listeners[id][0], client, server, other;

	(void)unused;
	house_bind(house, id, house_service(house, house_port_of(origin), 0));
	house_start(house);
	house_publish(house);
	client = house_connect(port);
	server = house_accept(origin);
	port = house_listen(house, id);
	house_publish(house);
	socket_close(before);
	other = house_connect(port);
	close(house_accept(origin));
	house_expect_end(other);
	house_write(client, "x");
	house_expect(server, "x");
	close(other);
	close(client);
	close(server);
	house_expect_zero(house);
	house_free(house);
	close(origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_snapshot_is_answered),
		cmocka_unit_test(a_dead_vserver_resets),
		cmocka_unit_test(a_full_one_without_backup_resets),
		cmocka_unit_test(messages_about_what_has_gone_do_no_harm),
		cmocka_unit_test(an_address_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
