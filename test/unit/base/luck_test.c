/* SPDX-License-Identifier: Apache-2.0
 * Promised: what goes well often enough is tried always, what does not is tried now and then, and a
 * change of the times is found out.
 */
#include "base/luck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of `rounds` occasions, how many are tried when one try in `every` goes well. */
static unsigned tries_of(struct luck *luck, unsigned rounds, unsigned every)
{
	unsigned tries = 0;

	for (unsigned i = 0; i < rounds; i++)
		if (luck_is_good(luck))
			luck_note(luck, ++tries % every == 0);
	return tries;
}

static void what_goes_well_is_tried_always(void **unused)
{
	struct luck luck = { 0 };

	(void)unused;
	(void)tries_of(&luck, 2000, 1);
	assert_int_equal(tries_of(&luck, 100, 1), 100);
	(void)tries_of(&luck, 20000, 3);
	assert_int_equal(tries_of(&luck, 100, 3), 100);
}

static void what_fails_is_tried_now_and_then(void **unused)
{
	struct luck luck = { 0 };
	unsigned tries;

	(void)unused;
	(void)tries_of(&luck, 2000, 1);
	(void)tries_of(&luck, 20000, 20);
	tries = tries_of(&luck, 1600, 20);
	assert_in_range(tries, 100, 400);
	assert_true(luck.score < LUCK_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_well_is_tried_always),
		cmocka_unit_test(what_fails_is_tried_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
