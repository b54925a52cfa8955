/* SPDX-License-Identifier: Apache-2.0
 * Promised: an open session is counted, linked and holds its virtual server; a closed one is not.
 */
#include "house.h"

static void cut(struct session *session)
{
	session_close(session);
}

static const struct session_kind kind = { cut, NULL };

static void open_and_close_are_inverse(void **unused)
{
	struct house *house = house_new(1);
	uint32_t id = house_vserver(house, 1);
	struct session sessions[2] = { { .kind = &kind }, { .kind = &kind } };
	struct vserver *vserver;
	struct proxy *proxy;

	(void)unused;
	house_enter(house);
	house_publish(house);
	proxy = house->proxies[0];
	vserver = proxy_vserver(proxy, id);
	session_open(&sessions[0], proxy, vserver, &(struct arrival){ .fd = -1 });
	session_open(&sessions[1], proxy, vserver, &(struct arrival){ .fd = -1 });
	assert_int_equal(proxy->sessions, 2);
	assert_int_equal(vserver->sessions, 2);
	assert_int_equal(house_engine_stat(house, sessions), 2);
	assert_ptr_equal(session_of_link(proxy->all_sessions.next), &sessions[0]);
	session_close(&sessions[0]);
	assert_int_equal(proxy->sessions, 1);
	assert_int_equal(vserver->sessions, 1);
	house_free(house); /* cuts the other */
}

/* The last session of a draining engine is what control waits for. */
static void the_last_one_ends_the_drain(void **unused)
{
	struct house *house = house_new(1);
	uint32_t id = house_vserver(house, 1);
	struct session session = { .kind = &kind };

	(void)unused;
	house_enter(house);
	house_publish(house);
	session_open(&session, house->proxies[0], proxy_vserver(house->proxies[0], id),
		     &(struct arrival){ .fd = -1 });
	house_send(house, 0, (struct message){ .kind = MESSAGE_DRAIN });
	house_until(house, house->proxies[0]->is_draining);
	assert_int_equal(house->told[MESSAGE_DRAINED], 0);
	session_close(&session);
	house_until(house, house->told[MESSAGE_DRAINED] == 1);
	house_free(house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_and_close_are_inverse),
		cmocka_unit_test(the_last_one_ends_the_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
