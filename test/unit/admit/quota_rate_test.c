/* SPDX-License-Identifier: Apache-2.0
 * Promised: the burst at once, then the rate and not one unit more, over all engines; nothing that
 * is there is refused for long; what is given back can be had again; a new rate holds at once; who
 * asks when is told the microsecond.
 */
#include "admit/quota_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND ((uint64_t)1000000)

static const uint64_t start_us = 77 * SECOND;

static struct quota_rate *rate_new(unsigned cores, uint64_t per_second, uint64_t burst,
				   uint64_t now_us)
{
	size_t bytes = (quota_rate_size(cores) + 63) / 64 * 64;
	struct quota_rate *rate = aligned_alloc(64, bytes);

	assert_true(rate != NULL);
	memset(rate, 0, bytes);
	quota_rate_init(rate, cores, per_second, burst, now_us);
	return rate;
}

static uint64_t take(struct quota_rate *rate, unsigned core, uint64_t now_us, unsigned times)
{
	uint64_t units = 0;

	while (times-- > 0)
		units += quota_rate_take(rate, core, now_us, 1, 1);
	return units;
}

static void burst_first_then_the_rate(void **unused)
{
	struct quota_rate *rate = rate_new(4, 10, 5, start_us);
	uint64_t granted = 0;

	(void)unused;
	for (unsigned core = 0; core < 4; core++)
		granted += take(rate, core, start_us, 5);
	assert_int_equal(granted, 5);
	assert_int_equal(take(rate, 2, start_us + SECOND / 10 - 1, 3), 0);
	assert_int_equal(take(rate, 2, start_us + SECOND / 10, 3), 1);
	assert_int_equal(take(rate, 3, start_us + SECOND, 30), 5); /* no more than the burst */
	free(rate);
}

static void stashes_are_part_of_the_burst(void **unused)
{
	struct quota_rate *rate = rate_new(8, 1000000, 6400, start_us);
	uint64_t granted = 0;

	(void)unused;
	for (unsigned core = 0; core < 8; core++)
		granted += take(rate, core, start_us, 6400);
	/* The stashes are empty at the start, and fill with time; one for what A(t) cuts off. */
	assert_int_equal(granted, 4799);
	for (uint64_t ms = 1; ms <= 1000; ms++)
		for (unsigned core = 0; core < 8; core++)
			granted += take(rate, core, start_us + ms * 1000, 130);
	assert_true(granted <= 1000000 + 6400);
	assert_true(granted >= 970000);
	free(rate);
}

static void takes_all_or_what_was_asked_at_least(void **unused)
{
	struct quota_rate *rate = rate_new(1, 99, 50, start_us);

	(void)unused;
	assert_int_equal(quota_rate_take(rate, 0, start_us, 30, 40), 40);
	assert_int_equal(quota_rate_take(rate, 0, start_us, 11, 40), 0);
	assert_int_equal(quota_rate_take(rate, 0, start_us, 10, 40), 10);
	assert_int_equal(quota_rate_take(rate, 0, start_us, 1, 40), 0);
	/* More than ever fits: what fits. */
	assert_int_equal(quota_rate_take(rate, 0, start_us + SECOND, 1000, 1000), 50);
	free(rate);
}

static void what_is_given_back_can_be_had(void **unused)
{
	struct quota_rate *rate = rate_new(2, 100, 50, start_us);
	struct quota_rate_view view;

	(void)unused;
	assert_int_equal(quota_rate_take(rate, 0, start_us, 50, 50), 50);
	quota_rate_give(rate, 0, 20);
	assert_int_equal(quota_rate_take(rate, 1, start_us, 20, 50), 20);
	assert_int_equal(quota_rate_take(rate, 1, start_us, 1, 1), 0);
	quota_rate_give(rate, 1, 20);
	assert_int_equal(quota_rate_take(rate, 0, start_us + 10 * SECOND, 1, 100), 50);
	quota_rate_read(rate, &view);
	assert_int_equal(view.granted, 80);
	assert_int_equal(view.refused, 1);
	assert_int_equal(view.per_second, 100);
	assert_int_equal(view.burst, 50);
	free(rate);
}

static void a_new_rate_holds_at_once(void **unused)
{
	struct quota_rate *rate = rate_new(2, 1000000, 8000, start_us);

	(void)unused;
	assert_true(quota_rate_take(rate, 0, start_us, 1, 1) == 1); /* and a stash */
	quota_rate_set(rate, 10, 4, start_us);
	assert_int_equal(take(rate, 0, start_us, 100) + take(rate, 1, start_us, 100), 4);
	assert_int_equal(take(rate, 0, start_us + SECOND, 100), 4);
	assert_int_equal(take(rate, 0, start_us + SECOND + SECOND / 10, 100), 1);
	/* What was used up stays used up. */
	quota_rate_set(rate, 1000, 500, start_us + 2 * SECOND);
	assert_int_equal(take(rate, 1, start_us + 2 * SECOND, 1000), 4);
	assert_int_equal(take(rate, 1, start_us + 2 * SECOND + 100000, 1000), 100);
	for (uint64_t i = 0; i < 20; i++)
		quota_rate_set(rate, i, i + 1, start_us + 3 * SECOND + i);
	quota_rate_set(rate, 0, 1, start_us + 9 * SECOND);
	assert_int_equal(take(rate, 0, start_us + 9 * SECOND, 9), 1);
	assert_int_equal(take(rate, 0, start_us + 99 * SECOND, 9), 0);
	free(rate);
}

static void knows_when(void **unused)
{
	struct quota_rate *rate = rate_new(1, 3, 6, start_us);
	uint64_t when;

	(void)unused;
	assert_int_equal(quota_rate_when(rate, start_us, 6), start_us);
	assert_int_equal(quota_rate_when(rate, start_us, 7), UINT64_MAX);
	assert_int_equal(take(rate, 0, start_us, 9), 6);
	for (uint64_t units = 1; units <= 6; units++) {
		when = quota_rate_when(rate, start_us, units);
		assert_true(when > start_us);
		assert_true(quota_rate_has_room(rate, when, units - 1));
		assert_false(quota_rate_has_room(rate, when - 3, units - 1));
	}
	free(rate);
}

static void tells_that_it_is_reached(void **unused)
{
	struct quota_rate *rate = rate_new(1, 10, 1, start_us);

	(void)unused;
	assert_false(quota_rate_is_reached(rate, start_us, SECOND));
	assert_int_equal(take(rate, 0, start_us, 1), 1);
	assert_false(quota_rate_is_reached(rate, start_us, SECOND));
	assert_int_equal(take(rate, 0, start_us, 1), 0);
	assert_true(quota_rate_is_reached(rate, start_us + SECOND - 1, SECOND));
	assert_false(quota_rate_is_reached(rate, start_us + SECOND, SECOND));
	free(rate);
}

static void an_old_clock_grants_nothing_more(void **unused)
{
	struct quota_rate *rate = rate_new(2, 10, 10, start_us);

	(void)unused;
	assert_int_equal(take(rate, 0, start_us + SECOND, 20), 10);
	assert_int_equal(take(rate, 1, start_us, 20), 0);
	assert_int_equal(take(rate, 1, 0, 20), 0);
	assert_int_equal(take(rate, 1, start_us + 2 * SECOND, 20), 10);
	free(rate);
}

static void the_greatest_numbers_fit(void **unused)
{
	struct quota_rate *rate = rate_new(128, QUOTA_RATE_MOST, QUOTA_RATE_MOST, start_us);
	uint64_t later_us = start_us + 86400 * SECOND;

	(void)unused;
	assert_true(quota_rate_take(rate, 0, start_us, 1, 1) == 1);
	assert_true(quota_rate_take(rate, 127, later_us, 1, QUOTA_RATE_MOST) > QUOTA_RATE_MOST / 2);
	free(rate);
}

/* Not too much by a fraction, where grants lie between two whole units of A(t). */
static void every_window_is_exact(void **unused)
{
	static const uint64_t rates[] = { 3, 10, 16384, 16385, 99999 };
	enum { GRANTS = 40, BURST = 2 };

	(void)unused;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct quota_rate *rate = rate_new(1, rates[i], BURST, start_us);
		uint64_t step_us = SECOND / rates[i] / 50 + 1, us = start_us + 75 * step_us;
		uint64_t when[GRANTS];

		for (unsigned count = 0; count < GRANTS; us += step_us)
			while (count < GRANTS && take(rate, 0, us, 1) > 0)
				when[count++] = us;
		for (unsigned from = 0; from < GRANTS; from++)
			for (unsigned to = from + BURST; to < GRANTS; to++)
				assert_true((to - from + 1 - BURST) * SECOND <=
					    (when[to] - when[from]) * rates[i]);
		free(rate);
	}
}

/* Whatever the processes that died with it had in their stashes. */
static void a_new_process_finds_what_was_granted(void **unused)
{
	struct quota_rate *rate = rate_new(2, 1000, 80, start_us);
	uint64_t granted = 0;

	(void)unused;
	for (unsigned life = 0; life < 10; life++) {
		granted += take(rate, life % 2, start_us, 30);
		quota_rate_revive(rate);
		quota_rate_set(rate, 1000, 80, start_us);
	}
	assert_true(granted >= 50 && granted <= 80);
	assert_int_equal(take(rate, 0, start_us + SECOND / 100, 80), 10);
	free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_first_then_the_rate),
		cmocka_unit_test(stashes_are_part_of_the_burst),
		cmocka_unit_test(takes_all_or_what_was_asked_at_least),
		cmocka_unit_test(what_is_given_back_can_be_had),
		cmocka_unit_test(a_new_rate_holds_at_once),
		cmocka_unit_test(knows_when),
		cmocka_unit_test(tells_that_it_is_reached),
		cmocka_unit_test(an_old_clock_grants_nothing_more),
		cmocka_unit_test(the_greatest_numbers_fit),
		cmocka_unit_test(every_window_is_exact),
		cmocka_unit_test(a_new_process_finds_what_was_granted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
