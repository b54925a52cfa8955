/* SPDX-License-Identifier: Apache-2.0
 * A snapshot lives until every engine has taken a newer one; the slowest engine decides.
 */
#include "control/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ENGINES = 3 };

struct room {
	struct loop loop;
	struct engine *engines[ENGINES];
	struct post post;
	struct publisher publisher;
};

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	assert_int_equal(loop_init(&room->loop), 0);
	for (unsigned i = 0; i < ENGINES; i++) {
		room->engines[i] = aligned_alloc(64, (sizeof(struct engine) + 63) / 64 * 64);
		*room->engines[i] = (struct engine){ .index = i };
		assert_int_equal(engine_init(room->engines[i], i, -1, &room->loop, 1 << 20), 0);
	}
	post_init(&room->post, &room->loop, room->engines, ENGINES);
	publish_init(&room->publisher, &room->post, ENGINES);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	publish_fini(&room->publisher);
	post_fini(&room->post);
	for (unsigned i = 0; i < ENGINES; i++) {
		engine_fini(room->engines[i]);
		free(room->engines[i]);
	}
	loop_fini(&room->loop);
	free(room);
	return 0;
}

static void send_next(struct room *room)
{
	struct arena *arena = arena_new();
	struct snapshot *snapshot = arena_one(arena, struct snapshot);

	snapshot->arena = arena;
	snapshot->number = room->publisher.newest + 1;
	publish_send(&room->publisher, snapshot);
}

static void engines_get_them_in_order(void **state)
{
	struct room *room = *state;
	struct message message;

	send_next(room);
	send_next(room);
	for (unsigned i = 0; i < ENGINES; i++)
		for (uint64_t number = 1; number <= 2; number++) {
			assert_true(mailbox_take(&room->engines[i]->inbox, &message));
			assert_int_equal(message.kind, MESSAGE_SNAPSHOT);
			assert_int_equal(((const struct snapshot *)message.pointer)->number,
					 number);
		}
}

static void slowest_engine_decides(void **state)
{
	struct room *room = *state;

	for (unsigned i = 0; i < 3; i++)
		send_next(room);
	assert_int_equal(room->publisher.count, 3);
	assert_int_equal(publish_everywhere(&room->publisher), 0);
	publish_taken(&room->publisher, 0, 3);
	publish_taken(&room->publisher, 1, 2);
	assert_int_equal(room->publisher.count, 3);
	publish_taken(&room->publisher, 2, 1);
	assert_int_equal(publish_everywhere(&room->publisher), 1);
	assert_int_equal(room->publisher.count, 3); /* the first is in use */
	publish_taken(&room->publisher, 2, 3);
	assert_int_equal(publish_everywhere(&room->publisher), 2);
	assert_int_equal(room->publisher.count, 2);
	publish_taken(&room->publisher, 1, 3);
	assert_int_equal(room->publisher.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(engines_get_them_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(slowest_engine_decides, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
