/* SPDX-License-Identifier: Apache-2.0
 * Promised: whichever of the three numbers of a split is given, the others follow from it, and are
 * never more than there is; a fixed rule borrows the batch and keeps two, whatever the demand; any
 * rule may follow any other while uses live, and the limit holds.
 */
#include "admit/quota_core_priv.h"

enum { CORES = 4, POOLS = 2 };

#include "pools.h"

static struct quota_rule rule_of(enum quota_deal deal, uint32_t number, bool is_percent)
{
	struct quota_rule rule = quota_rule_plain(80, 10);

	rule.deal = deal;
	rule.share = (struct quota_amount){ number, is_percent };
	return rule;
}

static void each_way_to_split(void **unused)
{
	static const struct {
		enum quota_deal deal;
		uint32_t number;
		bool is_percent;
		int64_t limit;
		unsigned cores;
		int64_t each, shared;
	} rows[] = {
		{ QUOTA_DEAL_EXCLUSIVE, 80, true, 100, 7, 11, 23 },
		{ QUOTA_DEAL_EXCLUSIVE, 0, true, 100, 7, 0, 100 },
		{ QUOTA_DEAL_EACH, 10, false, 100, 7, 10, 30 },
		{ QUOTA_DEAL_EACH, 0, false, 100, 7, 0, 100 },
		{ QUOTA_DEAL_EACH, 20, false, 100, 7, 14, 2 }, /* no more than there is */
		{ QUOTA_DEAL_EACH, 20, false, 3, 7, 0, 3 },
		{ QUOTA_DEAL_SHARED, 20, false, 100, 4, 20, 20 },
		{ QUOTA_DEAL_SHARED, 21, false, 100, 4, 19, 24 }, /* the remainder comes on top */
		{ QUOTA_DEAL_SHARED, 500, false, 100, 4, 0, 100 },
		{ QUOTA_DEAL_SHARED, 20, true, 100, 4, 20, 20 },
		{ QUOTA_DEAL_SHARED, 100, true, 100, 4, 0, 100 },
		{ QUOTA_DEAL_SHARED, 0, true, 100, 4, 25, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quota_rule rule = rule_of(rows[i].deal, rows[i].number, rows[i].is_percent);
		struct quota_split split = quota_rule_split(&rule, rows[i].limit, rows[i].cores);

		assert_int_equal(split.exclusive_each, rows[i].each);
		assert_int_equal(split.exclusive, rows[i].each * rows[i].cores);
		assert_int_equal(split.shared, rows[i].shared);
		assert_int_equal(split.batch, rows[i].shared >= 20 ? rows[i].shared / 10 : 1);
	}
}

static void the_view_tells_the_split(void **unused)
{
	uint32_t pool = quota_open(map, 100, 80, 10);
	struct quota_rule rule = rule_of(QUOTA_DEAL_EACH, 5, false);
	struct quota_view view;

	(void)unused;
	quota_set_rule(map, pool, &rule);
	quota_read(map, pool, &view);
	assert_int_equal(view.split.exclusive, 20);
	assert_int_equal(view.split.exclusive_each, 5);
	assert_int_equal(view.split.shared, 80);
	assert_int_equal(view.split.batch, 8);
	assert_false(view.is_early);
	rule = quota_rule_of(map, pool);
	assert_int_equal(rule.deal, QUOTA_DEAL_EACH);
	quota_set_limit(map, pool, 1000);
	quota_read(map, pool, &view);
	assert_int_equal(view.split.exclusive, 20);
	assert_int_equal(view.split.shared, 980);
}

/* One busy engine: what it borrows in a row grows, unless the rule is fixed. */
static uint64_t borrows_of(bool is_fixed)
{
	uint32_t pool = quota_open(map, 1000, 20, 1);
	struct quota_rule rule = quota_rule_of(map, pool);
	uint64_t steps = 0;

	rule.is_fixed = is_fixed;
	quota_set_rule(map, pool, &rule);
	for (int64_t before = 0; take(0, pool, 1) == 1;) {
		struct quota_view view;

		quota_read(map, pool, &view);
		steps += view.borrows != (uint64_t)before;
		before = (int64_t)view.borrows;
		if (view.used == 800)
			break;
	}
	return steps;
}

static void a_fixed_rule_borrows_the_batch(void **unused)
{
	uint64_t adaptive = borrows_of(false);

	(void)unused;
	assert_int_equal(borrows_of(true), (800 - 50) / 8 + 1);
	assert_true(adaptive < 20);
}

static void any_rule_follows_any_other(void **unused)
{
	static const enum quota_mode modes[] = { QUOTA_MODE_EXACT, QUOTA_MODE_PATENT };
	uint32_t pool = quota_open(map, 64, 80, 10);
	unsigned seed = 1;
	int held[CORES] = { 0 };

	(void)unused;
	for (int step = 0; step < 2000; step++) {
		struct quota_rule rule = rule_of((enum quota_deal)(step % 3), seed % 100, true);
		unsigned core = (seed >> 8) % CORES;
		int sum = 0;

		seed = seed * 1664525 + 1013904223;
		rule.share.is_percent = rule.deal != QUOTA_DEAL_EACH;
		rule.mode = modes[seed >> 30 & 1];
		rule.is_fixed = seed >> 29 & 1;
		rule.shared_threshold.number = seed >> 28 & 1 ? 3 : 0;
		rule.return_free.number = seed >> 27 & 1 ? 5 : 0;
		quota_set_rule(map, pool, &rule);
		held[core] += take(core, pool, 9);
		for (int back = held[core] * (int)(seed >> 20 & 3) / 3; back > 0; back--) {
			quota_give(cores[core], pool);
			held[core]--;
		}
		quota_turn_end(cores[core]);
		for (unsigned i = 0; i < CORES; i++)
			sum += held[i];
		assert_in_range(sum, 0, 64);
	}
	for (unsigned i = 0; i < CORES; i++)
		while (held[i]-- > 0)
			quota_give(cores[i], pool);
	quota_set_rule(map, pool, &(struct quota_rule){ .engine_threshold = { 100, true } });
	for (unsigned i = 0; i < CORES; i++)
		quota_turn_end(cores[i]);
	assert_int_equal(take(1, pool, 65), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_to_split),
		cmocka_unit_test_setup_teardown(the_view_tells_the_split, open_map, free_map),
		cmocka_unit_test_setup_teardown(a_fixed_rule_borrows_the_batch, open_map, free_map),
		cmocka_unit_test_setup_teardown(any_rule_follows_any_other, open_map, free_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
