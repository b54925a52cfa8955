/* SPDX-License-Identifier: Apache-2.0
 * Promised: an audit finds nothing amiss in a sound pool, whatever is in use, idle or in pockets;
 * what is missing comes back; meanwhile nothing is granted and nothing is lost, and one engine that
 * does not answer ends the audit without harm.
 */
#include "admit/quota_audit.h"

#include "admit/quota_core_priv.h"
#include "admit/quota_queue.h"

#include "../../race/quota_mode.h"

enum { CORES = 4, POOLS = 2 };

#include "pools.h"

static void turn_all(void)
{
	for (unsigned i = 0; i < CORES; i++)
		quota_turn_end(cores[i]);
}

static int64_t audit(uint32_t pool)
{
	int64_t leak;

	assert_true(quota_audit_begin(map, pool));
	turn_all();
	assert_true(quota_audit_is_ready(map));
	assert_true(quota_audit_end(map, &leak));
	turn_all();
	return leak;
}

static void a_sound_pool_stays_as_it_is(void **unused)
{
	static const int64_t limits[] = { 0, 1, 7, 100, 10000, QUOTA_UNLIMITED };
	static const enum quota_mode modes[] = { QUOTA_MODE_EXACT, QUOTA_MODE_PATENT };

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); i++) {
		int64_t limit = limits[i / 2];
		uint32_t pool = quota_open(map, limit, 80, 10);
		int held[CORES];

		set_mode(map, pool, modes[i % 2]);
		for (unsigned c = 0; c < CORES; c++)
			held[c] = take(c, pool, 3 + (int)c);
		if (held[1] > 0)
			quota_give(cores[1], pool); /* perhaps into its pocket */
		held[1] -= held[1] > 0;
		assert_int_equal(audit(pool), 0);
		assert_int_equal(view_of(pool).audits, 1);
		assert_int_equal(view_of(pool).leak_repaired, 0);
		assert_int_equal(view_of(pool).used, held[0] + held[1] + held[2] + held[3]);
		assert_int_equal(view_of(pool).used + view_of(pool).idle + view_of(pool).available,
				 limit);
		for (unsigned c = 0; c < CORES; c++)
			while (held[c]-- > 0)
				quota_give(cores[c], pool);
		turn_all();
		quota_close(map, pool);
	}
}

static void what_is_missing_comes_back(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);

	(void)unused;
	assert_int_equal(take(0, pool, 30), 30);
	(void)quota_pool_add(quota_pool_at(map, pool), -9, 1); /* and a count that nobody ends */
	assert_int_equal(audit(pool), 9);
	assert_int_equal(view_of(pool).leak_repaired, 9);
	assert_int_equal(take(1, pool, 71), 70);
	assert_int_equal(quota_take(cores[2], pool), QUOTA_FULL);
	(void)quota_pool_add(quota_pool_at(map, pool), 4, 0);
	assert_int_equal(audit(pool), -4);
	assert_int_equal(take(3, pool, 1), 0);
}

static void nothing_moves_meanwhile(void **unused)
{
	uint32_t pool = quota_open(map, 1000, 80, 10), other = quota_open(map, 1000, 80, 10);
	int64_t leak;

	(void)unused;
	assert_int_equal(take(0, pool, 20), 20);
	assert_int_equal(take(0, other, 20), 20);
	assert_true(quota_audit_begin(map, pool));
	assert_false(quota_audit_begin(map, other));
	assert_int_equal(quota_take(cores[0], pool), QUOTA_AGAIN);
	assert_int_equal(quota_why(cores[0]), QUOTA_WHY_AUDIT);
	quota_give(cores[0], pool);
	turn_all();
	quota_give(cores[0], pool); /* after it has said so */
	quota_give(cores[0], other);
	assert_int_equal(take(0, other, 1), 1);
	quota_turn_end(cores[0]);
	assert_int_equal(view_of(pool).used, 19);
	assert_int_equal(quota_take_as(cores[3], pool, QUOTA_CLASS_KEPT), QUOTA_AGAIN);
	quota_set_limit(map, pool, 10); /* below what is in use */
	assert_int_equal(quota_take(cores[1], pool), QUOTA_AGAIN);
	assert_true(quota_audit_end(map, &leak));
	assert_int_equal(leak, 0);
	turn_all();
	assert_int_equal(view_of(pool).used, 18);
	assert_int_equal(take(1, pool, 1), 0);
	for (int i = 0; i < 10; i++)
		quota_give(cores[0], pool);
	turn_all();
	assert_int_equal(take(1, pool, 5), 2);
	assert_int_equal(audit(other), 0);
}

static void who_does_not_answer_is_not_waited_for(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	int64_t leak;

	(void)unused;
	assert_int_equal(take(3, pool, 10), 10);
	assert_true(quota_audit_begin(map, pool));
	for (unsigned i = 0; i < CORES - 1; i++)
		quota_turn_end(cores[i]);
	assert_false(quota_audit_is_ready(map));
	assert_false(quota_audit_end(map, &leak));
	assert_int_equal(view_of(pool).audits, 0);
	assert_int_equal(take(0, pool, 100), 90);
	quota_turn_end(cores[3]);
	assert_int_equal(take(3, pool, 1), 0);
	quota_core_dead(map, 3); /* then it is not asked */
	assert_true(quota_audit_begin(map, pool));
	for (unsigned i = 0; i < CORES - 1; i++)
		quota_turn_end(cores[i]);
	assert_true(quota_audit_end(map, &leak));
	assert_int_equal(leak, 0);
	quota_turn_end(cores[1]);
	assert_int_equal(take(1, pool, 11), 10);
}

static void not_every_pool_can_be(void **unused)
{
	uint32_t pool = quota_open(map, 10, 80, 10);

	(void)unused;
	assert_false(quota_audit_begin(map, pool + 1));
	assert_int_equal(audit(pool), 0);
}

static void on_ring(void *context, unsigned core)
{
	((unsigned *)context)[core]++;
}

/* One waits on engine 1, two on engine 2. */
static uint32_t pool_with_a_line(struct quota_waiter waiters[3])
{
	uint32_t pool = quota_open(map, 5, 80, 10);

	assert_true(quota_queue_set(map, pool, 9));
	assert_int_equal(take(0, pool, 6), 5);
	for (unsigned i = 0; i < 3; i++) {
		list_init(&waiters[i].link);
		assert_int_equal(quota_queue_join(cores[1 + (i > 0)], pool, &waiters[i]),
				 QUOTA_JOINED);
	}
	return pool;
}

/* Nobody is served or joins meanwhile, who leaves leaves, and afterwards the line goes on in its
 * order. */
static void a_line_stands_still_meanwhile(void **unused)
{
	struct quota_waiter waiters[3], late;
	uint32_t pool = pool_with_a_line(waiters);
	unsigned rings[CORES] = { 0 };
	int64_t leak;

	(void)unused;
	list_init(&late.link);
	quota_queue_set_bell(map, on_ring, rings);
	quota_give(cores[0], pool); /* on its way to the first */
	assert_int_equal(rings[1], 1);
	assert_true(quota_audit_begin(map, pool));
	assert_null(quota_queue_next(cores[1]));
	quota_give(cores[0], pool);
	turn_all();
	quota_give(cores[0], pool);
	assert_true(quota_queue_leave(cores[2], &waiters[1]));
	assert_int_equal(quota_queue_waiting(map, pool), 2); /* it still counts, see below */
	assert_int_equal(quota_queue_join(cores[3], pool, &late), QUOTA_UNDECIDED);
	assert_int_equal(rings[2] + rings[3], 0);
	assert_true(quota_audit_end(map, &leak));
	assert_int_equal(leak, 0);
	assert_int_equal(quota_queue_waiting(map, pool), 0);
	assert_int_equal(quota_queue_join(cores[3], pool, &late), QUOTA_JOINED);
	assert_int_equal(rings[1], 2); /* its bell was not lost */
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	turn_all();
	assert_ptr_equal(quota_queue_next(cores[2]), &waiters[2]);
	assert_ptr_equal(quota_queue_next(cores[3]), &late);
	assert_int_equal(view_of(pool).used, 5);
	assert_int_equal(audit(pool), 0);
}

static void what_was_missing_goes_to_who_waits(void **unused)
{
	struct quota_waiter waiters[3];
	uint32_t pool = pool_with_a_line(waiters);

	(void)unused;
	quota_give(cores[0], pool); /* on its way, not yet picked up */
	/* A use that engine 0 never gave back. */
	quota_store(quota_change_at(map, 0, pool),
		    quota_change_make(quota_change(quota_load(quota_change_at(map, 0, pool)),
						   quota_load(quota_stash_at(map, 0, pool))) -
					      1,
				      quota_load(quota_stash_at(map, 0, pool)), 0));
	assert_int_equal(audit(pool), 1);
	assert_ptr_equal(quota_queue_next(cores[1]), &waiters[0]);
	assert_ptr_equal(quota_queue_next(cores[2]), &waiters[1]);
	assert_null(quota_queue_next(cores[2]));
	assert_int_equal(quota_queue_waiting(map, pool), 1);
	assert_int_equal(view_of(pool).used, 5);
	assert_int_equal(audit(pool), 0);
}

static void an_audit_does_not_outlive_its_process(void **unused)
{
	uint32_t pool = quota_open(map, 10, 80, 10);

	(void)unused;
	quota_set_key(map, pool, 1);
	assert_true(quota_audit_begin(map, pool));
	quota_map_revive(map);
	for (unsigned i = 0; i < CORES; i++) {
		quota_core_free(cores[i]);
		cores[i] = quota_core_new(map, i);
	}
	assert_int_equal(quota_claim(map, 1), pool);
	assert_int_equal(take(2, pool, 11), 10);
	assert_int_equal(audit(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sound_pool_stays_as_it_is, open_map, free_map),
		cmocka_unit_test_setup_teardown(what_is_missing_comes_back, open_map, free_map),
		cmocka_unit_test_setup_teardown(nothing_moves_meanwhile, open_map, free_map),
		cmocka_unit_test_setup_teardown(who_does_not_answer_is_not_waited_for, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(not_every_pool_can_be, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_line_stands_still_meanwhile, open_map, free_map),
		cmocka_unit_test_setup_teardown(what_was_missing_goes_to_who_waits, open_map,
						free_map),
		cmocka_unit_test_setup_teardown(an_audit_does_not_outlive_its_process, open_map,
						free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
