/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client comes back to the service that it had for as long as the time-out says and
 * while that service takes it; a cookie gets old and is renewed; who served last after a spill is
 * known.
 */
#include "house.h"
#include "persist/persist_text.h"
#include "proxy/persistence.h"

#include <stdio.h>

enum { SERVICES = 3, TIMEOUT_S = 120 };

struct scene {
	struct house *house;
	struct persist *table;
	struct vserver *vserver;
	uint32_t id;
	struct h1_request request;
	char head[512];
};

static void publish(struct scene *scene)
{
	house_publish(scene->house);
	scene->vserver = proxy_vserver(scene->house->proxies[0], scene->id);
}

static struct scene *begin(enum persistence_type type)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct model_vserver *model;

	assert_non_null(scene);
	scene->table = persist_new(64);
	assert_non_null(scene->table);
	scene->house = house_new(1);
	proxy_set_persist(scene->house->proxies[0], scene->table);
	scene->id = house_vserver(scene->house, 10);
	model = &scene->house->vservers[scene->id];
	model->tag = 1000;
	model->persistence = (struct model_persistence){ .type = type,
							 .timeout_s = TIMEOUT_S,
							 .netmask = UINT32_MAX,
							 .v6_netmask_length = 128,
							 .cookie = STR("c") };
	for (int i = 0; i < SERVICES; i++) {
		uint32_t id = house_service(scene->house, 9, 0);

		scene->house->services[id].tag = 1 + (uint64_t)i;
		house_bind(scene->house, scene->id, id);
	}
	house_enter(scene->house);
	publish(scene);
	return scene;
}

static void end(struct scene *scene)
{
	house_free(scene->house);
	persist_free(scene->table);
	free(scene);
}

static void pass_s(struct scene *scene, uint64_t seconds)
{
	scene->house->engines[0].loop.now_ms += seconds * 1000;
}

static struct service *choose(struct scene *scene, const char *client, struct persistence_ask *ask)
{
	struct address peer;
	uint64_t tried = 0;

	assert_true(address_parse(str_of(client), 1, &peer));
	ask->peer = &peer;
	ask->fd = -1;
	return persistence_choose(scene->vserver, ask, &tried);
}

static uint64_t tag_for(struct scene *scene, const char *client)
{
	struct persistence_ask ask = { .request = NULL };
	const struct service *service = choose(scene, client, &ask);

	return service != NULL ? service->tag : 0;
}

static void comes_back_until_the_time_is_over(void **state)
{
	struct scene *scene = begin(PERSISTENCE_SOURCE);
	uint64_t first = tag_for(scene, "10.0.0.1");

	(void)state;
	for (int turn = 0; turn < 5; turn++) {
		pass_s(scene, TIMEOUT_S - 1);
		assert_int_equal(tag_for(scene, "10.0.0.1"), first);
	}
	assert_int_equal(house_vserver_stat(scene->house, scene->id, persistent), 5);
	pass_s(scene, TIMEOUT_S);
	assert_int_not_equal(tag_for(scene, "10.0.0.1"), first); /* it is the next one's turn */
	end(scene);
}

/* A dead one is left, and not come back to; one that goes gracefully keeps whom it knows. */
static void leaves_who_is_down_and_stays_with_who_is_leaving(void **state)
{
	struct scene *scene = begin(PERSISTENCE_SOURCE);
	uint64_t first = tag_for(scene, "10.0.0.1"), second;
	struct model_service *model = &scene->house->services[first - 1];

	(void)state;
	model->is_enabled = false;
	model->is_leaving = true;
	publish(scene);
	assert_int_equal(tag_for(scene, "10.0.0.1"), first);
	assert_int_not_equal(tag_for(scene, "10.0.0.2"), first);
	model->is_leaving = false;
	publish(scene);
	second = tag_for(scene, "10.0.0.1");
	assert_int_not_equal(second, first);
	model->is_enabled = true;
	publish(scene);
	assert_int_equal(tag_for(scene, "10.0.0.1"), second);
	end(scene);
}

/* After a failed connect another is chosen, and is the client's from then on. */
static void moves_when_the_connect_fails(void **state)
{
	struct scene *scene = begin(PERSISTENCE_SOURCE);
	struct persistence_ask ask = { .fd = -1 };
	uint64_t first = tag_for(scene, "10.0.0.1"), tried = 0;
	struct service *service;
	struct address peer;

	(void)state;
	assert_true(address_parse(STR("10.0.0.1"), 1, &peer));
	ask.peer = &peer;
	service = persistence_choose(scene->vserver, &ask, &tried);
	assert_true(ask.is_kept && service->tag == first);
	service = persistence_choose(scene->vserver, &ask, &tried);
	assert_false(ask.is_kept || service->tag == first);
	assert_int_equal(tag_for(scene, "10.0.0.1"), service->tag);
	end(scene);
}

/* What another engine put in the meantime counts. */
static void agrees_with_other_engines(void **state)
{
	struct scene *scene = begin(PERSISTENCE_SOURCE);
	struct persistence_ask ask = { .request = NULL };
	struct address peer;
	uint64_t first = tag_for(scene, "10.0.0.1"), other = first % SERVICES + 1;
	struct service *service = service_of(&scene->house->proxies[0]->services,
					     (uint32_t)other - 1);

	(void)state;
	assert_true(address_parse(STR("10.0.0.1"), 1, &peer));
	ask.peer = &peer;
	persistence_stay(scene->vserver, &ask, service);
	assert_int_equal(tag_for(scene, "10.0.0.1"), other);
	end(scene);
}

static void read_request(struct scene *scene, struct str cookie)
{
	struct h1_scan scan = { 0 };
	struct h1_fault fault;
	int length = snprintf(scene->head, sizeof(scene->head),
			      "GET / HTTP/1.1\r\nHost: a\r\nCookie: %.*s\r\n\r\n", STR_ARG(cookie));

	assert_int_equal(
		h1_read_request(&scan, scene->head, (size_t)length, 8192, &scene->request, &fault),
		H1_DONE);
}

/* The client shows what it was given last. */
static struct service *choose_with(struct scene *scene, struct str cookie, bool *wants_cookie)
{
	struct persistence_ask ask = { .request = &scene->request };
	struct service *service;

	read_request(scene, cookie);
	service = choose(scene, "10.0.0.1", &ask);
	*wants_cookie = ask.wants_cookie;
	return service;
}

static void cookie_gets_old(void **state)
{
	struct scene *scene = begin(PERSISTENCE_COOKIE);
	char text[PERSISTENCE_COOKIE_ROOM];
	bool wants_cookie;
	struct service *first = choose_with(scene, STR("x=y"), &wants_cookie);
	struct str cookie = persistence_cookie(scene->vserver, first, text);

	(void)state;
	assert_true(wants_cookie);
	cookie.length = strlen("c=") + 24;
	pass_s(scene, TIMEOUT_S / 2 - 1);
	assert_ptr_equal(choose_with(scene, cookie, &wants_cookie), first);
	assert_false(wants_cookie);
	pass_s(scene, TIMEOUT_S / 2 - 1);
	assert_ptr_equal(choose_with(scene, cookie, &wants_cookie), first);
	assert_true(wants_cookie); /* it is renewed before it ends */
	pass_s(scene, 4);
	assert_ptr_not_equal(choose_with(scene, cookie, &wants_cookie), first);
	assert_true(wants_cookie);
	end(scene);
}

static void spill_is_known_until_the_time_is_over(void **state)
{
	struct scene *scene = begin(PERSISTENCE_NONE);
	struct address peer, other;

	(void)state;
	assert_true(address_parse(STR("10.0.0.1"), 1, &peer));
	assert_true(address_parse(STR("10.0.0.2"), 1, &other));
	persistence_spill_note(scene->vserver, &peer, scene->vserver);
	assert_int_equal(persistence_spill_find(scene->vserver, &peer), 0); /* it is off */
	scene->house->vservers[scene->id].persistence.spill_timeout_s = TIMEOUT_S;
	publish(scene);
	assert_int_equal(persistence_spill_find(scene->vserver, &peer), 0);
	persistence_spill_note(scene->vserver, &peer, scene->vserver);
	pass_s(scene, TIMEOUT_S - 1);
	assert_int_equal(persistence_spill_find(scene->vserver, &peer), 1000);
	assert_int_equal(persistence_spill_find(scene->vserver, &other), 0);
	pass_s(scene, TIMEOUT_S);
	assert_int_equal(persistence_spill_find(scene->vserver, &peer), 0);
	end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_until_the_time_is_over),
		cmocka_unit_test(leaves_who_is_down_and_stays_with_who_is_leaving),
		cmocka_unit_test(moves_when_the_connect_fails),
		cmocka_unit_test(agrees_with_other_engines),
		cmocka_unit_test(cookie_gets_old),
		cmocka_unit_test(spill_is_known_until_the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
