/* SPDX-License-Identifier: Apache-2.0
 * Promised: keys are made of what the method says and of nothing else; loads cover all engines; one
 * that is full is taken only when no other can be; what flowed long ago is forgotten.
 */
#include "house.h"
#include "proxy/balance.h"

enum { SERVICES = 3, ENGINES = 4 };

struct scene {
	struct house *house;
	struct balance balance;
	struct model_vserver model;
	struct lb_candidate candidates[SERVICES];
};

static struct scene *begin(const char *method)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	uint32_t id;

	assert_non_null(scene);
	scene->house = house_new(1);
	id = house_vserver(scene->house, 10);
	for (int i = 0; i < SERVICES; i++)
		house_bind(scene->house, id, house_service(scene->house, 9, 0));
	house_enter(scene->house);
	house_publish(scene->house);
	scene->model = scene->house->vservers[id];
	scene->model.method = lb_find(str_of(method));
	assert_non_null(scene->model.method);
	return scene;
}

static void configure(struct scene *scene)
{
	balance_configure(&scene->balance, &scene->model, &scene->house->proxies[0]->services,
			  ENGINES);
}

static void end(struct scene *scene)
{
	balance_fini(&scene->balance);
	house_free(scene->house);
	free(scene);
}

static int choose(struct scene *scene)
{
	return balance_choose(&scene->balance, scene->candidates, 0, 0);
}

static struct stat_service *other_engine(struct scene *scene, int service)
{
	return &scene->house->service_stats[service][ENGINES - 1];
}

static void pass_ms(struct scene *scene, uint64_t ms)
{
	scene->house->engines[0].loop.now_ms += ms;
}

static struct address address(const char *text, uint16_t port)
{
	struct address result;

	assert_true(address_parse(str_of(text), port, &result));
	return result;
}

static uint64_t key_of(struct scene *scene, const char *peer, uint16_t port, const char *url,
		       const char *host)
{
	struct address from = address(peer, port);

	return balance_key(&scene->balance,
			   &(struct balance_client){ &from, -1, str_of(url), str_of(host), { 0 } });
}

static struct scene *begin_keys(const char *method)
{
	struct scene *scene = begin(method);

	scene->model.protocol = PROTOCOL_HTTP;
	configure(scene);
	return scene;
}

static void source_is_the_address_alone(void **unused)
{
	struct scene *scene = begin_keys("SOURCEIPHASH");
	uint64_t key = key_of(scene, "10.1.2.3", 1000, "/a", "a");

	(void)unused;
	assert_true(key == key_of(scene, "10.1.2.3", 2000, "/b", "b"));
	assert_true(key != key_of(scene, "10.1.2.4", 1000, "/a", "a"));
	scene->model.netmask = address("255.255.252.0", 0).v4.sin_addr.s_addr;
	scene->model.v6_netmask_length = 61;
	configure(scene);
	key = key_of(scene, "10.1.2.3", 1000, "", "");
	assert_true(key == key_of(scene, "10.1.0.9", 1000, "", ""));
	assert_true(key != key_of(scene, "10.1.4.3", 1000, "", ""));
	key = key_of(scene, "2001:db8:1:10::1", 1, "", "");
	assert_true(key == key_of(scene, "2001:db8:1:17::9", 1, "", ""));
	assert_true(key != key_of(scene, "2001:db8:1:18::1", 1, "", ""));
	end(scene);
}

static void source_port_is_the_connection(void **unused)
{
	struct scene *scene = begin_keys("SRCIPSRCPORTHASH");
	uint64_t key = key_of(scene, "10.1.2.3", 1000, "/a", "a");

	(void)unused;
	assert_true(key == key_of(scene, "10.1.2.3", 1000, "/b", "b"));
	assert_true(key != key_of(scene, "10.1.2.3", 1001, "/a", "a"));
	assert_true(key != key_of(scene, "10.1.2.4", 1000, "/a", "a"));
	end(scene);
}

/* Two ends of real connections: what the client reached is asked of the kernel. */
static uint64_t key_reached(struct scene *scene, const char *reached, const char *peer)
{
	struct address to = address(reached, 0), from = address(peer, 7);
	int fd = socket_listen(&to);
	uint64_t key;

	assert_true(fd >= 0);
	key = balance_key(&scene->balance, &(struct balance_client){ .peer = &from, .fd = fd });
	socket_close(fd);
	return key;
}

static void destination_is_what_was_reached(void **unused)
{
	struct scene *scene = begin_keys("DESTINATIONIPHASH");
	uint64_t key = key_reached(scene, "127.0.0.1", "10.0.0.1");

	(void)unused;
	assert_true(key == key_reached(scene, "127.0.0.1", "10.0.0.2"));
	assert_true(key != key_reached(scene, "127.0.0.2", "10.0.0.1"));
	end(scene);
	scene = begin_keys("SRCIPDESTIPHASH");
	key = key_reached(scene, "127.0.0.1", "10.0.0.1");
	assert_true(key == key_reached(scene, "127.0.0.1", "10.0.0.1"));
	assert_true(key != key_reached(scene, "127.0.0.1", "10.0.0.2"));
	assert_true(key != key_reached(scene, "127.0.0.2", "10.0.0.1"));
	end(scene);
}

static void url_counts_as_far_as_the_length(void **unused)
{
	struct scene *scene = begin_keys("URLHASH");
	uint64_t key = key_of(scene, "10.0.0.1", 1, "/pictures/1", "a");

	(void)unused;
	assert_true(key == key_of(scene, "10.0.0.2", 2, "/pictures/1", "b"));
	assert_true(key != key_of(scene, "10.0.0.1", 1, "/pictures/2", "a"));
	scene->model.hash_length = 10;
	configure(scene);
	assert_true(key_of(scene, "10.0.0.1", 1, "/pictures/1", "a") ==
		    key_of(scene, "10.0.0.1", 1, "/pictures/2", "a"));
	assert_true(key_of(scene, "10.0.0.1", 1, "/pictures/1", "a") !=
		    key_of(scene, "10.0.0.1", 1, "/picture/1", "a"));
	end(scene);
}

static void domain_has_no_case_and_no_port(void **unused)
{
	struct scene *scene = begin_keys("DOMAINHASH");
	uint64_t key = key_of(scene, "10.0.0.1", 1, "/", "www.example.com");

	(void)unused;
	assert_true(key == key_of(scene, "10.0.0.2", 2, "/x", "WWW.Example.com:8080"));
	assert_true(key != key_of(scene, "10.0.0.1", 1, "/", "www.example.org"));
	assert_true(key_of(scene, "10.0.0.1", 1, "/", "[::1]:80") ==
		    key_of(scene, "10.0.0.1", 1, "/", "[::1]"));
	assert_true(key_of(scene, "10.0.0.1", 1, "/", "[::1]") !=
		    key_of(scene, "10.0.0.1", 1, "/", "[::2]"));
	end(scene);
}

/* Over TCP there is neither: the client's address decides. */
static void without_a_request_the_source_decides(void **unused)
{
	struct scene *scene = begin("URLHASH");

	(void)unused;
	configure(scene);
	assert_true(key_of(scene, "10.0.0.1", 1, "", "") == key_of(scene, "10.0.0.1", 2, "", ""));
	assert_true(key_of(scene, "10.0.0.1", 1, "", "") != key_of(scene, "10.0.0.2", 1, "", ""));
	end(scene);
}

static void uses_of_other_engines_count(void **unused)
{
	struct scene *scene = begin("LEASTCONNECTION");

	(void)unused;
	configure(scene);
	stat_add(&other_engine(scene, 0)->active, 2);
	stat_add(&other_engine(scene, 1)->waiting, 3);
	stat_add(&other_engine(scene, 2)->active, 1);
	assert_int_equal(choose(scene), 2);
	stat_add(&other_engine(scene, 2)->active, 3);
	assert_int_equal(choose(scene), 2); /* within the millisecond nobody looks again */
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 0);
	end(scene);
}

/* -consolidatedLConn NO */
static void uses_of_other_engines_may_be_left_out(void **unused)
{
	struct scene *scene = begin("LEASTCONNECTION");

	(void)unused;
	scene->model.counts_alone = true;
	configure(scene);
	stat_add(&other_engine(scene, 1)->active, 50);
	for (int turn = 0; turn < 6; turn++) {
		pass_ms(scene, 1);
		assert_int_equal(choose(scene), (turn + 1) % SERVICES);
	}
	end(scene);
}

static void measure(struct scene *scene, int service, struct stat_health *health, uint64_t us)
{
	stat_set(&health->average_us, us);
	service_of(&scene->house->proxies[0]->services, (uint32_t)service)->health = health;
}

/* LRTM; until something is known the backup method chooses, in turn. */
static void the_soonest_probed_is_asked(void **unused)
{
	struct scene *scene = begin("LRTM");
	struct stat_health health[SERVICES] = { 0 };

	(void)unused;
	configure(scene);
	for (int turn = 0; turn < 6; turn++)
		assert_int_equal(choose(scene), (turn + 1) % SERVICES);
	measure(scene, 0, &health[0], 3000);
	measure(scene, 1, &health[1], 1000);
	assert_int_equal(choose(scene), 1);
	stat_add(&other_engine(scene, 1)->active, 2);
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 2); /* taken for the mean: 2000 */
	stat_add(&other_engine(scene, 2)->active, 1);
	pass_ms(scene, 1);
	assert_in_range(choose(scene), 0, 1);
	end(scene);
}

static void a_missing_text_is_the_backup_methods(void **unused)
{
	struct scene *scene = begin("TOKEN");
	struct address one = address("10.0.0.1", 1), other = address("10.0.0.2", 1);
	struct balance_client client = { .peer = &one, .token = STR("a") };
	uint64_t key;

	(void)unused;
	scene->model.backup_method = lb_find(STR("SOURCEIPHASH"));
	configure(scene);
	key = balance_key(&scene->balance, &client);
	assert_false(key & BALANCE_KEY_OF_BACKUP);
	client.peer = &other;
	assert_true(balance_key(&scene->balance, &client) == key);
	client.token.length = 0;
	key = balance_key(&scene->balance, &client);
	assert_true(key & BALANCE_KEY_OF_BACKUP);
	client.peer = &one;
	assert_true(balance_key(&scene->balance, &client) != key);
	end(scene);
}

static void limit(struct scene *scene, int service, uint32_t max_client)
{
	service_of(&scene->house->proxies[0]->services, (uint32_t)service)->max_client = max_client;
}

static void a_full_one_is_the_last_resort(void **unused)
{
	struct scene *scene = begin("ROUNDROBIN");

	(void)unused;
	for (int service = 0; service < 2; service++)
		limit(scene, service, 5);
	configure(scene);
	for (int service = 0; service < 2; service++)
		stat_add(&other_engine(scene, service)->connections, 5);
	for (int turn = 0; turn < 6; turn++)
		assert_int_equal(choose(scene), 2);
	/* What is known may be old: without another it is tried. */
	assert_in_range(balance_choose(&scene->balance, scene->candidates, 0, 4), 0, 1);
	assert_int_equal(balance_choose(&scene->balance, scene->candidates, 0, 7), LB_NONE);
	stat_subtract(&other_engine(scene, 0)->connections, 1);
	pass_ms(scene, 1);
	assert_int_equal(balance_choose(&scene->balance, scene->candidates, 0, 4), 0);
	end(scene);
}

static unsigned calls(struct scene *scene)
{
	house_read_mail(scene->house);
	return scene->house->told[MESSAGE_WANT_IDLE];
}

static void an_idle_one_elsewhere_is_called_of_whoever_has_it(void **unused)
{
	struct scene *scene = begin("ROUNDROBIN");

	(void)unused;
	for (int service = 0; service < SERVICES; service++)
		limit(scene, service, 5);
	configure(scene);
	for (int service = 0; service < SERVICES; service++)
		stat_add(&other_engine(scene, service)->connections, 5);
	assert_in_range(choose(scene), 0, SERVICES - 1);
	balance_call_idle(&scene->balance, 0);
	assert_int_equal(calls(scene), 0); /* all are in use */
	stat_add(&other_engine(scene, 1)->idle, 1);
	pass_ms(scene, 1);
	assert_in_range(choose(scene), 0, SERVICES - 1);
	balance_call_idle(&scene->balance, 1 << 1);
	assert_int_equal(calls(scene), 0); /* it failed for this client */
	balance_call_idle(&scene->balance, 0);
	assert_int_equal(calls(scene), 1);
	end(scene);
}

static void bytes_are_forgotten(void **unused)
{
	struct scene *scene = begin("LEASTBANDWIDTH");

	(void)unused;
	stat_add(&other_engine(scene, 0)->bytes_in, 1u << 30); /* before anybody looked */
	configure(scene);
	stat_add(&other_engine(scene, 1)->bytes_in, 500000);
	stat_add(&other_engine(scene, 2)->bytes_out, 400000);
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 0);
	stat_add(&other_engine(scene, 0)->bytes_in, 600000);
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 2);
	pass_ms(scene, 5000);
	stat_add(&other_engine(scene, 2)->bytes_in, 100);
	stat_add(&other_engine(scene, 1)->bytes_in, 50);
	assert_int_equal(choose(scene), 0);
	end(scene);
}

/* Many choices before any byte flows do not all go to one. */
static void a_burst_is_spread(void **unused)
{
	struct scene *scene = begin("LEASTPACKETS");
	int seen[SERVICES] = { 0 };

	(void)unused;
	configure(scene);
	for (int turn = 0; turn < 30; turn++)
		seen[choose(scene)]++;
	for (int service = 0; service < SERVICES; service++)
		assert_int_equal(seen[service], 10);
	end(scene);
}

static void answer(struct scene *scene, int service, uint64_t count, uint64_t ms)
{
	stat_add(&other_engine(scene, service)->first_bytes, count);
	stat_add(&other_engine(scene, service)->first_bytes_ms, count * ms);
	pass_ms(scene, 1);
}

static void the_fastest_is_asked(void **unused)
{
	struct scene *scene = begin("LEASTRESPONSETIME");

	(void)unused;
	configure(scene);
	answer(scene, 0, 100, 20);
	answer(scene, 1, 100, 3);
	answer(scene, 2, 100, 10);
	assert_int_equal(choose(scene), 1);
	/* With five clients in work it would take longer than another. */
	stat_add(&other_engine(scene, 1)->active, 5);
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 2);
	stat_subtract(&other_engine(scene, 1)->active, 5);
	pass_ms(scene, 1);
	assert_int_equal(choose(scene), 1);
	end(scene);
}

/* Who was slow is asked again some day. */
static void the_slow_gets_another_chance(void **unused)
{
	struct scene *scene = begin("LEASTRESPONSETIME");
	bool was_asked = false;

	(void)unused;
	configure(scene);
	answer(scene, 0, 10, 50);
	for (int second = 0; second < 300 && !was_asked; second++) {
		int chosen = choose(scene);

		was_asked = chosen == 0;
		answer(scene, chosen, 10, 1);
		pass_ms(scene, 1000);
		assert_true(second > 3 || !was_asked);
	}
	assert_true(was_asked);
	end(scene);
}

/* A change elsewhere in the configuration loses nothing; a change of the method begins anew. */
static void measures_outlive_a_snapshot(void **unused)
{
	struct scene *scene = begin("LEASTRESPONSETIME");

	(void)unused;
	configure(scene);
	answer(scene, 0, 100, 20);
	answer(scene, 1, 100, 3);
	answer(scene, 2, 100, 10);
	assert_int_equal(choose(scene), 1);
	configure(scene);
	assert_int_equal(choose(scene), 1);
	scene->model.method = lb_find(STR("LEASTPACKETS"));
	configure(scene);
	for (int service = 0; service < SERVICES; service++)
		assert_true(scene->balance.members[service].amount.recent == 0);
	end(scene);
}

static void choices_take_turns_and_skip_the_tried(void **unused)
{
	struct scene *scene = begin("ROUNDROBIN");
	int first;

	(void)unused;
	configure(scene);
	first = choose(scene);
	assert_int_equal(choose(scene), (first + 1) % SERVICES);
	assert_int_equal(balance_choose(&scene->balance, scene->candidates, 0, 5), 1);
	balance_clear(&scene->balance);
	assert_int_equal(choose(scene), LB_NONE);
	end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_is_the_address_alone),
		cmocka_unit_test(source_port_is_the_connection),
		cmocka_unit_test(destination_is_what_was_reached),
		cmocka_unit_test(url_counts_as_far_as_the_length),
		cmocka_unit_test(domain_has_no_case_and_no_port),
		cmocka_unit_test(without_a_request_the_source_decides),
		cmocka_unit_test(uses_of_other_engines_count),
		cmocka_unit_test(uses_of_other_engines_may_be_left_out),
		cmocka_unit_test(the_soonest_probed_is_asked),
		cmocka_unit_test(a_missing_text_is_the_backup_methods),
		cmocka_unit_test(a_full_one_is_the_last_resort),
		cmocka_unit_test(an_idle_one_elsewhere_is_called_of_whoever_has_it),
		cmocka_unit_test(bytes_are_forgotten),
		cmocka_unit_test(a_burst_is_spread),
		cmocka_unit_test(the_fastest_is_asked),
		cmocka_unit_test(the_slow_gets_another_chance),
		cmocka_unit_test(measures_outlive_a_snapshot),
		cmocka_unit_test(choices_take_turns_and_skip_the_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
