/* SPDX-License-Identifier: Apache-2.0
 * An engine whose sessions wait for a use of a full service hears when another engine has closed
 * an idle connection for it.
 */
#include "control/idle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ENGINES = 3 };

static void uses_travel(void **state)
{
	struct loop loop;
	struct engine *engines[ENGINES];
	struct post post;
	struct runtime_service service = { .entry.id = 7 };
	struct message message;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (unsigned i = 0; i < ENGINES; i++) {
		engines[i] = aligned_alloc(64, (sizeof(struct engine) + 63) / 64 * 64);
		*engines[i] = (struct engine){ .index = i };
		assert_int_equal(engine_init(engines[i], i, -1, &loop, 1 << 20), 0);
	}
	post_init(&post, &loop, engines, ENGINES);

	idle_wanted(&post, &service, 1);
	assert_false(mailbox_has_mail(&engines[1]->inbox));
	for (unsigned i = 0; i < ENGINES; i += 2) {
		assert_true(mailbox_take(&engines[i]->inbox, &message));
		assert_int_equal(message.kind, MESSAGE_GIVE_IDLE);
		assert_int_equal(message.id, 7);
	}
	idle_given(&post, &service, false);
	assert_false(mailbox_has_mail(&engines[1]->inbox));
	idle_given(&post, &service, true);
	assert_true(mailbox_take(&engines[1]->inbox, &message));
	assert_int_equal(message.kind, MESSAGE_USE_FREED);
	idle_given(&post, &service, true); /* nobody asks any more */
	assert_false(mailbox_has_mail(&engines[1]->inbox));

	post_fini(&post);
	for (unsigned i = 0; i < ENGINES; i++) {
		engine_fini(engines[i]);
		free(engines[i]);
	}
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(uses_travel) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
