/* SPDX-License-Identifier: Apache-2.0
 * Promised: the token is there as soon as its last byte is, however the bytes come; what was read
 * is kept whole, in a buffer that is no larger than it needs.
 */
#include "house.h"

#include "proxy/opening.h"

struct scene {
	struct house *house;
	struct opening opening;
	struct conn client;
	struct task task;
	struct stat_number bytes_in;
	int to_client;
};

static void ignore(struct task *task)
{
	(void)task;
}

static struct scene *begin(uint32_t offset, uint32_t length)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	int origin = house_origin(), theirs;

	assert_non_null(scene);
	scene->house = house_new(1);
	house_enter(scene->house);
	loop_task_init(&scene->task, ignore);
	scene->to_client = house_connect(house_port_of(origin));
	theirs = accept4(origin, NULL, NULL, SOCK_NONBLOCK);
	assert_int_equal(conn_open(&scene->client, &scene->house->engines[0], theirs, &scene->task),
			 0);
	close(origin);
	scene->opening.offset = offset;
	scene->opening.length = length;
	return scene;
}

static void end(struct scene *scene)
{
	opening_fini(&scene->opening, &scene->house->engines[0].buffers);
	conn_close(&scene->client);
	loop_unready(&scene->task);
	close(scene->to_client);
	house_free(scene->house);
	free(scene);
}

static enum opening_end read_on(struct scene *scene)
{
	enum opening_end result = opening_read(&scene->opening, &scene->client, &scene->bytes_in);

	for (int turns = 0; result == OPENING_WAIT && turns < 20; turns++) {
		house_pass(scene->house);
		result = opening_read(&scene->opening, &scene->client, &scene->bytes_in);
	}
	return result;
}

static void a_token_comes_in_pieces(void **unused)
{
	struct scene *scene = begin(2, 3);
	struct buffer *buffer;

	(void)unused;
	assert_int_equal(read_on(scene), OPENING_WAIT);
	assert_null(scene->opening.buffer);
	house_write(scene->to_client, "xx");
	assert_int_equal(read_on(scene), OPENING_WAIT);
	house_write(scene->to_client, "ab");
	assert_int_equal(read_on(scene), OPENING_WAIT);
	assert_int_equal(opening_token(&scene->opening).length, 0);
	house_write(scene->to_client, "cdef");
	assert_int_equal(read_on(scene), OPENING_DONE);
	assert_true(str_equal(opening_token(&scene->opening), STR("abc")));
	assert_int_equal(stat_read(&scene->bytes_in), 8);
	buffer = opening_take(&scene->opening);
	assert_int_equal(buffer_length(buffer), 8);
	assert_memory_equal(buffer_data(buffer), "xxabcdef", 8);
	buffer_give(&scene->house->engines[0].buffers, buffer);
	end(scene);
}

static void an_early_end_is_short(void **unused)
{
	struct scene *scene = begin(0, 8);

	(void)unused;
	house_write(scene->to_client, "four");
	shutdown(scene->to_client, SHUT_WR);
	assert_int_equal(read_on(scene), OPENING_SHORT);
	assert_int_equal(opening_token(&scene->opening).length, 0);
	assert_int_equal(buffer_length(scene->opening.buffer), 4);
	end(scene);
}

/* Far behind: what came so far lies in a small buffer meanwhile. */
static void a_token_may_lie_far_behind(void **unused)
{
	struct scene *scene = begin(25400, 100);
	static char bytes[25500];

	(void)unused;
	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes + 25400, "token", 5);
	assert_int_equal(send(scene->to_client, bytes, 100, 0), 100);
	assert_int_equal(read_on(scene), OPENING_WAIT);
	assert_int_equal(scene->opening.buffer->class_index, 0);
	assert_int_equal(send(scene->to_client, bytes + 100, 25400, 0), 25400);
	assert_int_equal(read_on(scene), OPENING_DONE);
	assert_true(str_starts(opening_token(&scene->opening), STR("tokenaaa")));
	assert_int_equal(opening_token(&scene->opening).length, 100);
	end(scene);
}

static void a_reset_is_seen(void **unused)
{
	struct scene *scene = begin(0, 8);

	(void)unused;
	house_reset(scene->to_client);
	assert_int_equal(read_on(scene), OPENING_BROKEN);
	scene->to_client = -1;
	end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_comes_in_pieces),
		cmocka_unit_test(an_early_end_is_short),
		cmocka_unit_test(a_token_may_lie_far_behind),
		cmocka_unit_test(a_reset_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
