/* SPDX-License-Identifier: Apache-2.0
 * Messages to an engine arrive all and in order, also when its inbox was full for a while.
 */
#include "control/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct room {
	struct loop loop;
	struct engine *engines[2];
	struct post post;
};

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	assert_int_equal(loop_init(&room->loop), 0);
	for (unsigned i = 0; i < 2; i++) {
		room->engines[i] = aligned_alloc(64, (sizeof(struct engine) + 63) / 64 * 64);
		*room->engines[i] = (struct engine){ .index = i };
		assert_int_equal(engine_init(room->engines[i], i, -1, &room->loop, 1 << 20), 0);
	}
	post_init(&room->post, &room->loop, room->engines, 2);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	post_fini(&room->post);
	for (unsigned i = 0; i < 2; i++) {
		engine_fini(room->engines[i]);
		free(room->engines[i]);
	}
	loop_fini(&room->loop);
	free(room);
	return 0;
}

static void all_engines_get_it(void **state)
{
	struct room *room = *state;
	struct message message;

	post_send_all(&room->post, (struct message){ .kind = MESSAGE_DRAIN });
	for (unsigned i = 0; i < 2; i++) {
		assert_true(mailbox_take(&room->engines[i]->inbox, &message));
		assert_int_equal(message.kind, MESSAGE_DRAIN);
	}
}

static void full_inbox_loses_nothing(void **state)
{
	struct room *room = *state;
	struct message message;
	uint64_t next = 0, sent = 3 * MAILBOX_ROOM;

	for (uint64_t i = 0; i < sent; i++)
		post_send(&room->post, 0,
			  (struct message){ .kind = MESSAGE_SERVICE_STATE, .number = i });
	assert_true(timer_is_armed(&room->post.retry));
	while (next < sent) {
		while (mailbox_take(&room->engines[0]->inbox, &message))
			assert_int_equal(message.number, next++);
		if (next < sent)
			loop_turn(&room->loop);
	}
	assert_false(timer_is_armed(&room->post.retry));
	assert_false(mailbox_take(&room->engines[0]->inbox, &message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_engines_get_it, setup, teardown),
		cmocka_unit_test_setup_teardown(full_inbox_loses_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
