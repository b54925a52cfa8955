/* SPDX-License-Identifier: Apache-2.0
 * Promised: the oldest of a crowd is woken again and again, wherever in its line it stands; when it
 * leaves, the next is; who has left is not.
 */
#include "service/crowd.h"

#include "house.h"

enum { WAITERS = 3 };

static struct asker holder, askers[WAITERS];
static struct crowd crowd;

static void have_crowd(void)
{
	begin(1);
	crowd_init(&crowd, &scene->engine.loop);
	init_asker(&holder);
	assert_int_equal(get(&holder, true), SERVICE_CONNECTING);
	for (int i = 0; i < WAITERS; i++) {
		init_asker(&askers[i]);
		assert_int_equal(get(&askers[i], true), SERVICE_FULL);
		line_wait(scene->service, &askers[i].waiter, &askers[i].task);
	}
}

static void end(void)
{
	for (int i = 0; i < WAITERS; i++)
		line_unwait(scene->service, &askers[i].waiter);
	service_drop(holder.server, false);
	assert_true(list_is_empty(&crowd.waiters));
	assert_false(timer_is_armed(&crowd.timer));
	finish();
}

static void the_oldest_looks_behind_others_of_its_line(void **unused)
{
	(void)unused;
	have_crowd();
	crowd_join(&crowd, &askers[1].waiter);
	crowd_join(&crowd, &askers[2].waiter);
	crowd_join(&crowd, &askers[1].waiter); /* keeps its place */
	until(askers[1].woken > 2);
	assert_int_equal(askers[2].woken, 0);
	crowd_leave(&crowd, &askers[1].waiter);
	crowd_leave(&crowd, &askers[1].waiter);
	askers[1].woken = 0;
	until(askers[2].woken > 2);
	assert_int_equal(askers[1].woken, 0);
	crowd_leave(&crowd, &askers[2].waiter);
	end();
}

/* Several services may have got room: nobody waits for the next look. */
static void who_leaves_wakes_the_next(void **unused)
{
	(void)unused;
	have_crowd();
	crowd_join(&crowd, &askers[1].waiter);
	crowd_join(&crowd, &askers[2].waiter);
	crowd_leave(&crowd, &askers[1].waiter);
	assert_true(list_is_in(&askers[2].task.link));
	crowd_leave(&crowd, &askers[2].waiter);
	turn();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_looks_behind_others_of_its_line),
		cmocka_unit_test(who_leaves_wakes_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
