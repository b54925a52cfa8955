/* SPDX-License-Identifier: Apache-2.0
 * Promised: a number a second, and as much more with every interval, is dealt out to the engines
 * whole; a percentage is one of what the others get; who is not held back for an interval is done.
 */
#include "proxy/slow_start.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

enum { WANTED = 1000 };

/* How many of many tries in one second it gets. */
static unsigned take_all(struct slow_start *start, const struct model_slow_start *model,
			 struct slow_start_place place, uint64_t now_ms)
{
	unsigned taken = 0;

	for (int i = 0; i < WANTED; i++) {
		if (!slow_start_allows(start, model, place, 3, now_ms))
			continue;
		slow_start_note(start, true);
		taken++;
	}
	return taken;
}

static void grows_with_every_interval(void **state)
{
	struct model_slow_start model = { .step = 10, .interval_s = 5 };
	struct slow_start_place alone = { 0, 1 };
	struct slow_start start;

	(void)state;
	slow_start_begin(&start, 1000);
	assert_int_equal(take_all(&start, &model, alone, 1000), 10);
	assert_int_equal(take_all(&start, &model, alone, 1999), 0);
	assert_int_equal(take_all(&start, &model, alone, 2000), 10);
	assert_int_equal(take_all(&start, &model, alone, 6000), 20);
	assert_int_equal(take_all(&start, &model, alone, 11500), 30);
	assert_true(start.is_on);
}

static void is_dealt_out_to_the_engines(void **state)
{
	struct model_slow_start model = { .step = 10, .interval_s = 0 };
	unsigned sum = 0;

	(void)state;
	for (unsigned engine = 0; engine < 4; engine++) {
		struct slow_start start;
		unsigned taken;

		slow_start_begin(&start, 0);
		taken = take_all(&start, &model, (struct slow_start_place){ engine, 4 }, 0);
		assert_in_range(taken, 2, 3);
		sum += taken;
		assert_int_equal(
			take_all(&start, &model, (struct slow_start_place){ engine, 4 }, 3600000),
			taken); /* without an interval it stays so */
	}
	assert_int_equal(sum, 10);
}

static void ends_when_nothing_is_held_back(void **state)
{
	struct model_slow_start model = { .step = 10, .interval_s = 1 };
	struct slow_start_place alone = { 0, 1 };
	struct slow_start start;

	(void)state;
	slow_start_begin(&start, 0);
	(void)take_all(&start, &model, alone, 0);
	assert_true(slow_start_allows(&start, &model, alone, 3, 1000));
	slow_start_note(&start, true);
	assert_true(start.is_on);
	assert_true(slow_start_allows(&start, &model, alone, 3, 2000));
	assert_false(start.is_on);
	assert_int_equal(take_all(&start, &model, alone, 2000), WANTED);
}

/* Three others in turn, and one that gets a fifth of what each of them does, then two fifths. */
static void percentage_is_of_what_others_get(void **state)
{
	struct model_slow_start model = { .step = 20, .is_percent = true, .interval_s = 60 };
	struct slow_start_place alone = { 0, 1 };
	struct slow_start start;

	(void)state;
	slow_start_begin(&start, 0);
	for (unsigned interval = 0; interval < 4; interval++) {
		unsigned taken = 0;

		for (int i = 0; i < 300; i++) {
			if (slow_start_allows(&start, &model, alone, 3, interval * 60000u)) {
				slow_start_note(&start, true);
				taken++;
			}
			slow_start_note(&start, false);
			if (i == 0) /* the last look comes after the last of the others */
				slow_start_note(&start, false);
		}
		assert_int_equal(taken, 20 * (interval + 1));
	}
	for (int i = 0; i < 300; i++)
		assert_true(slow_start_allows(&start, &model, alone, 3, 240000));
}

/* Manual slow start: another step counts from then on, and nothing is caught up. */
static void an_operator_gives_more(void **state)
{
	struct model_slow_start model = { .step = 10, .is_percent = true };
	struct slow_start_place alone = { 0, 1 };
	struct slow_start start;

	(void)state;
	slow_start_begin(&start, 0);
	for (unsigned percent = 10; percent <= 90; percent += 40) {
		unsigned taken = 0;

		model.step = percent;
		for (int i = 0; i < 300; i++) {
			if (slow_start_allows(&start, &model, alone, 3, percent * 1000000u)) {
				slow_start_note(&start, true);
				taken++;
			}
			slow_start_note(&start, false);
		}
		assert_in_range(taken, percent - 1, percent);
	}
	assert_true(start.is_on);
	model.step = 100;
	assert_int_equal(take_all(&start, &model, alone, 91000000), WANTED);
	assert_false(start.is_on);
}

static void off_is_off(void **state)
{
	struct model_slow_start model = { .step = 0 };
	struct slow_start_place alone = { 0, 1 };
	struct slow_start start = { 0 };

	(void)state;
	assert_int_equal(take_all(&start, &model, alone, 0), WANTED);
	slow_start_begin(&start, 0);
	assert_int_equal(take_all(&start, &model, alone, 0), WANTED);
	assert_false(start.is_on);
	slow_start_begin(&start, 0);
	model.step = 1;
	assert_true(slow_start_allows(&start, &model, alone, 0, 0)); /* nobody else is there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_with_every_interval),
		cmocka_unit_test(is_dealt_out_to_the_engines),
		cmocka_unit_test(ends_when_nothing_is_held_back),
		cmocka_unit_test(percentage_is_of_what_others_get),
		cmocka_unit_test(an_operator_gives_more),
		cmocka_unit_test(off_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
