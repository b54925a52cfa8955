/* SPDX-License-Identifier: Apache-2.0
 * Promised: bytes that were read before go first; an end is passed on after the last byte; the
 * owner hears once that the server has ended, before the client can; an idle relay has no buffer.
 */
#include "house.h"

#include "proxy/relay.h"

/* A relay between two connections whose other ends the test holds. */
struct scene {
	struct house *house;
	struct engine *engine;
	struct relay relay;
	struct conn client, server;
	struct task task;
	int to_client, to_server; /* the test's ends */
	bool is_marked;
	struct stat_vserver vserver;
	struct stat_service service;
};

static void mark(struct task *task)
{
	list_entry(task, struct scene, task)->is_marked = true;
}

/* A connected pair: `conn` on the engine, the other end for the test. */
static int open_pair(struct scene *scene, struct conn *conn)
{
	int origin = house_origin(), ours = house_connect(house_port_of(origin));
	int theirs = accept4(origin, NULL, NULL, SOCK_NONBLOCK);

	assert_true(theirs >= 0);
	close(origin);
	assert_int_equal(conn_open(conn, scene->engine, theirs, &scene->task), 0);
	return ours;
}

static struct scene *begin(void)
{
	struct scene *scene = aligned_alloc(64, (sizeof(*scene) + 63) & ~(size_t)63);

	memset(scene, 0, sizeof(*scene));
	scene->house = house_new(1);
	house_enter(scene->house);
	scene->engine = &scene->house->engines[0];
	loop_task_init(&scene->task, mark);
	scene->to_client = open_pair(scene, &scene->client);
	scene->to_server = open_pair(scene, &scene->server);
	relay_init(&scene->relay, scene->engine, &scene->client, &scene->server, &scene->vserver,
		   &scene->service);
	return scene;
}

static void finish(struct scene *scene)
{
	relay_fini(&scene->relay);
	conn_close(&scene->client);
	conn_close(&scene->server);
	loop_unready(&scene->task);
	close(scene->to_client);
	close(scene->to_server);
	house_free(scene->house);
	free(scene);
}

/* Runs on events until the relay says something else than to wait. */
static enum relay_result run(struct scene *scene)
{
	enum relay_result result = relay_run(&scene->relay);

	for (int turns = 0; result == RELAY_WAIT && turns < 50; turns++) {
		house_pass(scene->house);
		result = relay_run(&scene->relay);
	}
	return result;
}

static bool holds_some(const struct relay_half *half)
{
	return half->buffer != NULL || half->tube != NULL;
}

static void ends_are_passed_on_in_order(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	house_write(scene->to_client, "ask");
	shutdown(scene->to_client, SHUT_WR);
	assert_int_equal(run(scene), RELAY_WAIT);
	house_expect(scene->to_server, "ask");
	house_expect_end(scene->to_server);
	house_write(scene->to_server, "answer");
	close(scene->to_server);
	house_pass(scene->house);
	assert_int_equal(run(scene), RELAY_SERVER_ENDED);
	assert_int_equal(run(scene), RELAY_OVER);
	house_expect(scene->to_client, "answer");
	assert_null(scene->relay.client.buffer);
	assert_null(scene->relay.server.buffer);
	scene->to_server = dup(scene->to_client);
	finish(scene);
}

/* As when a read into a tube has met it: no event need follow. */
static void a_break_that_was_met_before_is_told(void **unused)
{
	struct scene *scene = begin();
	size_t done;
	char byte;

	(void)unused;
	socket_reset_on_close(scene->to_server);
	close(scene->to_server);
	assert_int_equal(conn_read(&scene->server, &byte, 1, &done), CONN_BROKEN);
	assert_int_equal(relay_run(&scene->relay), RELAY_SERVER_BROKEN);
	scene->to_server = dup(scene->to_client);
	finish(scene);
}

static void the_owner_hears_of_the_end_before_the_client(void **unused)
{
	struct scene *scene = begin();
	char byte;

	(void)unused;
	house_write(scene->to_server, "last");
	shutdown(scene->to_server, SHUT_WR);
	house_pass(scene->house); /* both events are there when it runs */
	assert_int_equal(run(scene), RELAY_SERVER_ENDED);
	assert_int_equal(recv(scene->to_client, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(run(scene), RELAY_WAIT); /* said once */
	house_expect(scene->to_client, "last");
	house_expect_end(scene->to_client);
	house_write(scene->to_client, "thanks");
	assert_int_equal(run(scene), RELAY_WAIT);
	house_expect(scene->to_server, "thanks");
	shutdown(scene->to_client, SHUT_WR);
	assert_int_equal(run(scene), RELAY_OVER);
	finish(scene);
}

static void what_was_read_before_goes_first(void **unused)
{
	struct scene *scene = begin();
	struct buffer *early = buffer_take(&scene->engine->buffers, 100);

	(void)unused;
	memcpy(early->bytes, "early ", 6);
	early->end = 6;
	relay_preload(&scene->relay.client, early);
	house_write(scene->to_client, "late");
	assert_int_equal(run(scene), RELAY_WAIT);
	house_expect(scene->to_server, "early late");
	assert_int_equal(stat_read(&scene->service.bytes_out), 10);
	assert_int_equal(stat_read(&scene->vserver.bytes_in), 4);
	finish(scene);
}

static void breaks_say_who(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	house_reset(scene->to_server);
	assert_int_equal(run(scene), RELAY_SERVER_BROKEN);
	scene->to_server = dup(scene->to_client);
	finish(scene);
	scene = begin();
	house_reset(scene->to_client);
	assert_int_equal(run(scene), RELAY_CLIENT_BROKEN);
	scene->to_client = dup(scene->to_server);
	finish(scene);
}

/* An end that takes nothing: one buffer waits for it, and the other direction goes on. */
static void a_blocked_direction_holds_one_buffer(void **unused)
{
	static const char much[1 << 20];
	struct scene *scene = begin();
	enum relay_result result = RELAY_BUSY;

	(void)unused;
	for (int turns = 0; turns < 200; turns++) {
		(void)!send(scene->to_client, much, sizeof(much), MSG_DONTWAIT);
		result = run(scene);
		assert_true(result == RELAY_WAIT || result == RELAY_BUSY);
		if (result == RELAY_WAIT && holds_some(&scene->relay.client))
			break;
	}
	assert_true(holds_some(&scene->relay.client));
	house_write(scene->to_server, "still here");
	assert_int_equal(run(scene), RELAY_WAIT);
	house_expect(scene->to_client, "still here");
	assert_false(holds_some(&scene->relay.server));
	finish(scene);
}

enum { MUCH = 5 << 20 };

static char pattern(size_t at)
{
	return (char)(at * 7 + at / 251 + at / 65521);
}

/* As much as goes in, of MUCH bytes. */
static void feed(int fd, size_t *sent)
{
	static char bytes[MUCH];
	ssize_t count;

	if (bytes[1] == 0)
		for (size_t at = 0; at < MUCH; at++)
			bytes[at] = pattern(at);
	count = send(fd, bytes + *sent, MUCH - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (count > 0)
		*sent += (size_t)count;
	if (*sent == MUCH)
		shutdown(fd, SHUT_WR);
}

static void take(int fd, size_t *taken)
{
	static char bytes[1 << 18];
	ssize_t count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	for (ssize_t i = 0; i < count; i++)
		assert_int_equal(bytes[i], pattern(*taken + (size_t)i));
	if (count > 0)
		*taken += (size_t)count;
}

/* Both ways at once, each byte in its place, and the owner hears of the server's end before the
 * client has the last of them. */
static void much_goes_through_tubes(void **unused)
{
	struct scene *scene = begin();
	enum relay_result result = RELAY_WAIT;
	size_t up = 0, down = 0, got_up = 0, got_down = 0;
	unsigned ended = 0, tubes = 0;

	(void)unused;
	while (result != RELAY_OVER) {
		feed(scene->to_client, &up);
		feed(scene->to_server, &down);
		loop_turn(&scene->engine->loop);
		result = relay_run(&scene->relay);
		tubes += scene->relay.client.tube != NULL || scene->relay.server.tube != NULL;
		if (result == RELAY_SERVER_ENDED) {
			ended++;
			take(scene->to_client, &got_down);
			assert_true(got_down < MUCH);
		}
		assert_true(result <= RELAY_BUSY || result == RELAY_SERVER_ENDED ||
			    result == RELAY_OVER);
		take(scene->to_client, &got_down);
		take(scene->to_server, &got_up);
		loop_ready(&scene->engine->loop, &scene->task);
	}
	while (got_down < MUCH)
		take(scene->to_client, &got_down);
	while (got_up < MUCH)
		take(scene->to_server, &got_up);
	assert_int_equal(ended, 1);
	assert_true(tubes > 0);
	assert_false(holds_some(&scene->relay.client) || holds_some(&scene->relay.server));
	assert_int_equal(stat_read(&scene->service.bytes_in), MUCH);
	assert_int_equal(stat_read(&scene->vserver.bytes_out), MUCH);
	finish(scene);
}

/* What a broken relay leaves in its tube is nobody's. */
static void broken_with_a_full_tube(void **unused)
{
	static const char much[1 << 20];
	struct scene *scene = begin();

	(void)unused;
	while (scene->relay.server.tube == NULL || scene->relay.server.tube->bytes == 0) {
		(void)!send(scene->to_server, much, sizeof(much), MSG_DONTWAIT);
		loop_turn(&scene->engine->loop);
		assert_true(relay_run(&scene->relay) <= RELAY_BUSY);
		loop_ready(&scene->engine->loop, &scene->task);
	}
	house_reset(scene->to_client);
	assert_int_equal(run(scene), RELAY_CLIENT_BROKEN);
	scene->to_client = dup(scene->to_server);
	relay_fini(&scene->relay);
	assert_int_equal(scene->engine->tubes.idle_count, 0);
	finish(scene);
}

/* No buffer to be had is said, and loses nothing. */
static void without_memory_it_starves(void **unused)
{
	struct scene *scene = begin();
	size_t bytes_max = scene->engine->buffers.bytes_max;

	(void)unused;
	scene->engine->buffers.bytes_max = 0;
	house_write(scene->to_client, "patience");
	assert_int_equal(run(scene), RELAY_STARVED);
	scene->engine->buffers.bytes_max = bytes_max;
	assert_int_equal(run(scene), RELAY_WAIT);
	house_expect(scene->to_server, "patience");
	finish(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_passed_on_in_order),
		cmocka_unit_test(a_break_that_was_met_before_is_told),
		cmocka_unit_test(the_owner_hears_of_the_end_before_the_client),
		cmocka_unit_test(what_was_read_before_goes_first),
		cmocka_unit_test(breaks_say_who),
		cmocka_unit_test(a_blocked_direction_holds_one_buffer),
		cmocka_unit_test(much_goes_through_tubes),
		cmocka_unit_test(broken_with_a_full_tube),
		cmocka_unit_test(without_memory_it_starves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
