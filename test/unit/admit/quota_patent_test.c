/* SPDX-License-Identifier: Apache-2.0
 * Promised: in PATENT mode every answer is the one that the plain scheme gives, step by step, while
 * limit and shares change, wherever its arithmetic leaves nothing below zero; where it would let
 * too many in, the limit holds nevertheless. Units that are free elsewhere when a client spills are
 * counted. The mode may change under live uses, both ways.
 */
#include "admit/quota_core_priv.h"

#include "../../race/quota_mode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CORES_MOST = 7, STEPS = 20000 };

/* --- the plain scheme, from its description -----------------------------------------------------
 */

struct plain {
	int64_t cores, limit, exclusive, batch, shared;
	int64_t used[CORES_MOST], borrowed[CORES_MOST];
};

static void plain_deal(struct plain *plain, int64_t limit, int exclusive_percent, int batch_percent)
{
	plain->limit = limit;
	plain->exclusive = limit * exclusive_percent / 100 / plain->cores;
	plain->shared = limit - plain->exclusive * plain->cores;
	plain->batch = plain->shared * batch_percent / 100;
	if (plain->batch < 1)
		plain->batch = 1;
	for (int i = 0; i < plain->cores; i++) {
		int64_t above = plain->used[i] - plain->exclusive;

		plain->borrowed[i] = above > 0 ? above : 0;
		plain->shared -= plain->borrowed[i];
	}
}

static bool plain_may_admit(struct plain *plain, unsigned core)
{
	int64_t lent = plain->shared < plain->batch ? plain->shared : plain->batch;

	if (plain->used[core] < plain->exclusive + plain->borrowed[core])
		return true;
	if (lent <= 0)
		return false;
	plain->borrowed[core] += lent;
	plain->shared -= lent;
	return true;
}

static void plain_release(struct plain *plain, unsigned core)
{
	int64_t unneeded;

	plain->used[core]--;
	unneeded = plain->exclusive + plain->borrowed[core] - plain->used[core];
	if (unneeded >= plain->batch && plain->borrowed[core] >= plain->batch) {
		plain->borrowed[core] -= plain->batch;
		plain->shared += plain->batch;
	}
}

/* --- a random walk ------------------------------------------------------------------------------
 */

static struct quota_map *map;
static struct quota_core *cores[CORES_MOST];

static uint32_t open_map(unsigned count, int64_t limit, enum quota_mode mode)
{
	uint32_t pool;

	map = quota_map_new(count, 1);
	for (unsigned i = 0; i < count; i++)
		cores[i] = quota_core_new(map, i);
	pool = quota_open(map, limit, 80, 10);
	set_mode(map, pool, mode);
	return pool;
}

static void free_map(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		quota_core_free(cores[i]);
	quota_map_free(map);
}

static uint64_t random_state;

static unsigned random_below(unsigned bound)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(random_state >> 33) % bound;
}

static int64_t used_by_all(const struct plain *plain)
{
	int64_t used = 0;

	for (int i = 0; i < plain->cores; i++)
		used += plain->used[i];
	return used;
}

static void step_take(struct plain *plain, uint32_t pool, unsigned core, bool agrees)
{
	bool has_room = used_by_all(plain) < plain->limit;
	bool may = plain_may_admit(plain, core);
	enum quota_result result = quota_take(cores[core], pool);

	assert_int_not_equal(result, QUOTA_AGAIN);
	if (agrees)
		assert_int_equal(result == QUOTA_OK, may);
	if (result == QUOTA_OK) {
		assert_true(has_room);
		plain->used[core]++;
	}
}

static void step_change(struct plain *plain, uint32_t pool)
{
	int64_t limit = random_below(10) == 0 ? random_below(8) : random_below(1001);
	unsigned exclusive = random_below(3) == 0 ? random_below(101) : 80;
	unsigned batch = random_below(3) == 0 ? random_below(101) : 10;
	struct quota_rule rule = quota_rule_of(map, pool);

	rule.share.number = exclusive;
	rule.batch = batch;
	quota_set_rule(map, pool, &rule);
	quota_set_limit(map, pool, limit);
	plain_deal(plain, limit, (int)exclusive, (int)batch);
}

/* Loads up and down, now on one engine, now on all. */
static unsigned walk(unsigned count, unsigned change_every)
{
	struct plain plain = { .cores = count };
	uint32_t pool = open_map(count, 100, QUOTA_MODE_PATENT);
	unsigned agreed = 0, favourite = 0, push = 50;

	plain_deal(&plain, 100, 80, 10);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned core = random_below(2) ? favourite : random_below(count);

		if (random_below(change_every) == 0)
			step_change(&plain, pool);
		if (random_below(200) == 0) {
			favourite = random_below(count);
			push = 20 + random_below(75);
		}
		if (random_below(100) < push)
			step_take(&plain, pool, core, plain.shared >= 0);
		else if (plain.used[core] > 0) {
			quota_give(cores[core], pool);
			/* Overdrawn: only the limit is compared, until it is dealt anew. */
			if (plain.shared >= 0)
				plain_release(&plain, core);
			else
				plain.used[core]--;
		}
		if (random_below(4) == 0)
			quota_turn_end(cores[core]);
		agreed += plain.shared >= 0;
	}
	free_map(count);
	return agreed;
}

static void test_plain_scheme(void **state)
{
	static const unsigned counts[] = { 1, 2, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (unsigned seed = 1; seed <= 10; seed++) {
			random_state = seed;
			assert_int_equal(walk(counts[i], UINT32_MAX / 2), STEPS);
			assert_true(walk(counts[i], 1000) > STEPS / 4);
			assert_true(walk(counts[i], 50) > STEPS / 20);
		}
}

/* --- what it costs, and the other mode ----------------------------------------------------------
 */

static int take(unsigned core, uint32_t pool, int times)
{
	int granted = 0;

	while (times-- > 0)
		granted += quota_take(cores[core], pool) == QUOTA_OK;
	return granted;
}

/* L = 100 over two engines: 40 each, 20 shared in batches of 2. */
static void test_counts(void **state)
{
	uint32_t pool = open_map(2, 100, QUOTA_MODE_PATENT);
	struct quota_view view;

	(void)state;
	assert_int_equal(take(0, pool, 200), 60);
	quota_note_spill(cores[0], pool, quota_why(cores[0]));
	quota_note_spill(cores[0], pool, quota_why(cores[0]));
	quota_read(map, pool, &view);
	assert_int_equal(view.mode, QUOTA_MODE_PATENT);
	assert_int_equal(view.premature, 2);
	assert_int_equal(view.stranded, 80);
	assert_int_equal(take(1, pool, 200), 40);
	quota_note_spill(cores[1], pool, quota_why(cores[1]));
	quota_read(map, pool, &view);
	assert_int_equal(view.used, 100);
	assert_int_equal(view.premature, 2);
	free_map(2);
}

static void test_mode_changes_under_uses(void **state)
{
	uint32_t pool = open_map(2, 1000, QUOTA_MODE_EXACT);
	struct quota_view view;

	(void)state;
	assert_int_equal(take(0, pool, 700), 700);
	quota_give(cores[0], pool); /* waits for the end of the turn */
	set_mode(map, pool, QUOTA_MODE_PATENT);
	assert_int_equal(take(0, pool, 2), 1);
	quota_note_spill(cores[0], pool, quota_why(cores[0]));
	assert_int_equal(take(1, pool, 1000), 300);
	set_mode(map, pool, QUOTA_MODE_EXACT);
	for (int i = 0; i < 100; i++)
		quota_give(cores[1], pool);
	quota_turn_end(cores[1]);
	assert_int_equal(take(0, pool, 1000), 100);
	quota_note_spill(cores[0], pool, quota_why(cores[0]));
	quota_read(map, pool, &view);
	assert_int_equal(view.used, 1000);
	assert_int_equal(view.mode, QUOTA_MODE_EXACT);
	assert_int_equal(view.premature, 1);
	assert_int_equal(view.stranded, 300);
	free_map(2);
}

/* Draws of a pool without a limit are no borrowing. */
static void test_borrowed_under_a_limit_only(void **state)
{
	uint32_t pool = open_map(2, QUOTA_UNLIMITED, QUOTA_MODE_EXACT);
	struct quota_view view;

	(void)state;
	quota_set_limit(map, pool, 10);
	quota_set_limit(map, pool, QUOTA_UNLIMITED);
	assert_int_equal(take(0, pool, 1000), 1000);
	quota_read(map, pool, &view);
	assert_int_equal(view.borrows, 0);
	free_map(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_scheme),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_mode_changes_under_uses),
		cmocka_unit_test(test_borrowed_under_a_limit_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
